//! A tenant with a column of every type, and how an archive is read in a test.

use std::io::Cursor;

use tenant_core::Tenants;
use tenant_core::archive::{Manifest, Part, Reader};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

/// The types of PostgreSQL that columns can have, with a value whose text depends on a setting, or
/// which is easily changed on the way.
pub(crate) const TYPES: &[(&str, &[&str])] = &[
    ("smallint", &["-32768", "32767"]),
    ("bigint", &["-9223372036854775808", "9223372036854775807"]),
    (
        "numeric",
        &[
            "'NaN'",
            "'Infinity'",
            "0.10",
            "1e-20",
            "-123456789012345678901234567890.5",
        ],
    ),
    ("numeric(10,3)", &["1.5"]),
    (
        "real",
        &[
            "'NaN'",
            "'-Infinity'",
            "0.1",
            "'-0'",
            "1.17549435e-38",
            "16777217",
        ],
    ),
    (
        "double precision",
        &[
            "'NaN'",
            "0.1",
            "2.2250738585072014e-308",
            "1.7976931348623157e308",
            "0.30000000000000004",
        ],
    ),
    ("money", &["12345.67", "-0.01"]),
    ("boolean", &["true", "false"]),
    ("\"char\"", &["'x'"]),
    ("char(5)", &["'ab'"]),
    ("varchar(20)", &["'ends in spaces   '"]),
    (
        "text",
        &[
            "''",
            "E'tab\\tline\\nreturn\\rback\\\\slash \\\\N \\\\.'",
            "'\u{fc}\u{1f600}'",
            "repeat('long ', 100000)",
        ],
    ),
    ("name", &["'A name'"]),
    ("bytea", &["'\\x00ff0a5c'", "''"]),
    (
        "date",
        &["'infinity'", "'4713-01-01 BC'", "'5874897-12-31'"],
    ),
    ("time", &["'23:59:59.999999'", "'24:00'"]),
    ("timetz", &["'12:00:00.1+05:30'"]),
    (
        "timestamp",
        &[
            "'-infinity'",
            "'2026-03-29 02:30:00.123456'",
            "'0044-03-15 BC'",
        ],
    ),
    ("timestamptz", &["'infinity'", "'2026-03-29 02:30:00.5+11'"]),
    (
        "interval",
        &[
            "'1 year -2 days +03:04:05.678901'",
            "'-1 month 1 day -00:00:01'",
            "'-178000000 years'",
        ],
    ),
    ("interval day to second", &["'1 02:03:04'"]),
    ("uuid", &["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"]),
    ("json", &["'{\"b\": 1,  \"a\": [1, 1]}'"]),
    ("jsonb", &["'{\"b\": 1.0, \"a\": \"\\u00fc\"}'"]),
    ("jsonpath", &["'$.a[*] ? (@ > 1)'"]),
    ("xml", &["'<a>1</a>'", "'text and <b/>'"]),
    ("inet", &["'10.1.2.3/24'", "'::1'"]),
    ("cidr", &["'10.1.0.0/16'"]),
    ("macaddr", &["'08:00:2b:01:02:03'"]),
    ("macaddr8", &["'08:00:2b:01:02:03:04:05'"]),
    ("bit(3)", &["B'101'"]),
    ("bit varying", &["B'1010101'", "B''"]),
    ("point", &["'(0.1,-0.2)'"]),
    ("line", &["'{1,2,3}'"]),
    ("lseg", &["'[(0,0),(1,1)]'"]),
    ("box", &["'(1,1),(0,0)'"]),
    ("path", &["'[(0,0),(1,1)]'", "'((0,0),(1,1))'"]),
    ("polygon", &["'((0,0),(1,1),(1,0))'"]),
    ("circle", &["'<(0.1,0.2),3>'"]),
    ("tsvector", &["'a fat cat:1A'::tsvector", "'''it''''s'':2'"]),
    ("tsquery", &["'fat & !rat:*'"]),
    ("int4range", &["'[1,5)'", "'empty'", "'(,)'"]),
    ("numrange", &["'[0.1,0.2]'"]),
    ("tstzrange", &["'[2026-01-01 00:00+01,infinity)'"]),
    ("int4multirange", &["'{[1,2),[5,9)}'"]),
    ("datemultirange", &["'{}'"]),
    (
        "int[]",
        &["'{}'", "'{1,NULL,3}'", "'[2:3]={7,8}'", "'{{1,2},{3,4}}'"],
    ),
    ("text[]", &["'{\"NULL\",NULL,\"\",\"a,b\",\"\\\"q\\\\\"}'"]),
    ("bytea[]", &["ARRAY['\\x00'::bytea, NULL]"]),
    ("pg_lsn", &["'16/B374D848'"]),
    ("pg_snapshot", &["'10:20:10,14,15'"]),
    ("txid_snapshot", &["'10:20:10,14,15'"]),
    ("xid8", &["'18446744073709551615'"]),
    ("xid", &["'4294967295'"]),
    ("oid", &["4294967295"]),
    ("oidvector", &["'1 2 3'"]),
    ("int2vector", &["'1 2 3'"]),
    ("tid", &["'(1,2)'"]),
    ("cid", &["'7'"]),
    ("refcursor", &["'a cursor'"]),
    ("regclass", &["'others'::regclass", "'pg_class'"]),
    ("regtype", &["'mood'::regtype", "'int4'"]),
    ("regproc", &["'twice'::regproc"]),
    ("regprocedure", &["'twice(int)'::regprocedure"]),
    ("regrole", &["current_user::regrole"]),
    ("mood", &["'good'", "'it''s bad'"]),
    ("mood[]", &["'{good,NULL}'"]),
    ("word", &["'a word'"]),
    ("entry", &["ROW('good', '{a,\"b c\"}', 0.1)"]),
    ("entry[]", &["ARRAY[ROW('good', '{}', NULL)::entry]"]),
];

/// A stream whose table `everything` has all of them, beside tables of each form.
pub(crate) fn every_type() -> Stream {
    let columns = TYPES.iter().enumerate();
    let columns = columns.map(|(number, (kind, _))| format!("c{number} {kind}"));
    let columns = columns.collect::<Vec<_>>().join(", ");
    Stream::new().with(&format!(
        "CREATE TYPE mood AS ENUM ('good', 'it''s bad');
         CREATE DOMAIN word AS text CHECK (length(value) < 20);
         CREATE TYPE entry AS (mood mood, words text[], number real);
         CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
         CREATE SEQUENCE numbers START 100 INCREMENT -5 MINVALUE -1000 MAXVALUE 100;
         CREATE TABLE others (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \"Name\" text,
             doubled int GENERATED ALWAYS AS (twice(id)) STORED,
             number int DEFAULT nextval('numbers'));
         CREATE TABLE everything (id serial PRIMARY KEY, gone int, {columns});
         ALTER TABLE everything DROP COLUMN gone;
         CREATE TABLE parts (at date NOT NULL, other int REFERENCES others) PARTITION BY RANGE (at);
         CREATE TABLE parts_2025 PARTITION OF parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
         CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
         CREATE TABLE without_columns ();
         CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent);"
    ))
}

/// The tenant `acme` of that stream, with rows.
pub(crate) async fn acme_of_every_type(database: &TestDatabase) -> Tenants {
    let tenants = tenants(database, &every_type()).await;
    create(&tenants, &["acme"]).await;
    let mut sql = "SET search_path = acme; SET TimeZone = 'Asia/Kolkata';
         INSERT INTO others (\"Name\") SELECT 'n' || n FROM generate_series(1, 5) n;
         INSERT INTO parts VALUES ('2025-05-05', 1), ('2030-01-01', 2);
         INSERT INTO without_columns DEFAULT VALUES; INSERT INTO without_columns DEFAULT VALUES;
         INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 3);
         INSERT INTO everything DEFAULT VALUES;"
        .to_owned();
    for (number, (kind, values)) in TYPES.iter().enumerate() {
        for value in *values {
            let insert = format!("INSERT INTO everything (c{number}) VALUES (({value})::{kind});");
            sql.push_str(&insert);
        }
    }
    database.execute(&sql).await;
    tenants
}

/// The archive of a tenant.
pub(crate) async fn exported(tenants: &Tenants, tenant: &str) -> Vec<u8> {
    let name = name(tenant);
    let (_, file) = tenants.export(&name).to_writer(Vec::new()).await.unwrap();
    file
}

/// What an archive contains: the manifest, and the rows of each table.
pub(crate) fn contents(file: &[u8]) -> (Manifest, Vec<String>) {
    let mut reader = Reader::open(Cursor::new(file)).unwrap();
    let mut tables = Vec::new();
    while let Some(part) = reader.next_part().unwrap() {
        match part {
            Part::Table(_) => tables.push(String::new()),
            Part::Rows(rows) => {
                let rows = String::from_utf8(rows).unwrap();
                tables.last_mut().unwrap().push_str(&rows);
            }
            Part::End(_) => {}
        }
    }
    (reader.manifest().clone(), tables)
}

/// The rows of one table of it.
pub(crate) fn rows_of<'a>((manifest, rows): &'a (Manifest, Vec<String>), table: &str) -> &'a str {
    let mut names = manifest.tables.iter();
    let number = names.position(|it| it.name == table).unwrap();
    rows.get(number).unwrap()
}
