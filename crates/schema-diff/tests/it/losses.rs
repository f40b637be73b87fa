//! Nothing is lost, and nothing comes to mean something else, without a word.

use schema_diff::{Answers, Catalog, Filter, PlanError, Question, Schema};

use crate::fixture::{Fixture, answers, questions, written};

/// Why there is no plan.
async fn refused(before: &str, file: &str, options: &[&str]) -> String {
    let planned = Fixture::new(before)
        .await
        .plan(file, &answers(options))
        .await;
    planned.unwrap_err().to_string()
}

#[tokio::test]
async fn a_foreign_key_does_not_come_to_mean_other_rows() {
    let before = "
        CREATE TABLE p (code INT PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE c (id INT PRIMARY KEY, p INT NOT NULL REFERENCES p ON DELETE CASCADE);";
    let file = "diesel::table! { c (id) { id -> Int4, p -> Int4, } }
                diesel::table! { p (id) { id -> Int4, name -> Text, } }
                diesel::joinable!(c -> p (p));";
    let reason = refused(before, file, &["--allow-drop"]).await;
    assert!(
        reason.starts_with("`c` (p) references the primary key of `p`")
            && reason.ends_with("(schema.rs, line 1)"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_conversion_that_may_change_values_is_asked_about() {
    for (from, to, asks) in [
        ("NUMERIC(10, 2)", "Int4", true),
        ("FLOAT8", "Float4", true),
        ("NUMERIC", "Float8", true),
        ("TIMESTAMP", "Date", true),
        ("TIMESTAMP", "Timestamptz", true),
        ("DATE", "Timestamptz", true),
        ("INET", "Cidr", true),
        ("INT8", "Float4", true),
        ("TEXT", "CChar", true),
        ("INT4", "Bool", true),
        ("JSONB", "Int4", true),
        ("INTERVAL", "Time", true),
        ("INT4", "Int8", false),
        ("INT8", "Int4", false),
        ("INT4", "Numeric", false),
        ("TEXT", "Int4", true),
        ("TEXT", "Numeric", true),
        ("TEXT", "Float4", true),
        ("TEXT", "Float8", true),
        ("TEXT", "Bool", true),
        ("TEXT", "Date", true),
        ("TEXT", "Time", true),
        ("TEXT", "Timestamp", true),
        ("TEXT", "Timestamptz", true),
        ("TEXT", "Interval", true),
        ("TEXT", "Uuid", true),
        ("TEXT", "Inet", true),
        ("TEXT", "Jsonb", true),
        ("TEXT", "Json", false),
        ("TEXT", "Bpchar", true),
        ("TEXT", "Citext", false),
        ("TEXT", "Array<Int4>", true),
        ("TEXT[]", "Array<Int4>", true),
        ("TEXT[]", "Text", false),
        ("TEXT", "Array<Text>", false),
        ("INT4[]", "Array<Text>", false),
        ("JSON", "Jsonb", true),
        ("JSONB", "Json", false),
        ("INT4", "Date", true),
        ("INT4", "Interval", true),
        ("INT4", "Oid", true),
        ("INT4", "Jsonb", false),
        ("INT4[]", "Jsonb", true),
        ("TIME", "Interval", true),
        ("TSRANGE", "Daterange", true),
        ("NUMRANGE", "Int4range", true),
        ("INT4RANGE", "Int8range", false),
        ("UUID", "Text", false),
        ("VARCHAR(9)", "Text", false),
        ("DATE", "Timestamp", false),
    ] {
        let before = format!("CREATE TABLE t (id INT PRIMARY KEY, a {from} NOT NULL);");
        let file = format!("diesel::table! {{ t (id) {{ id -> Int4, a -> {to}, }} }}");
        let planned = Fixture::new(&before)
            .await
            .plan(&file, &Answers::default())
            .await;
        match planned {
            Ok(_) => assert!(!asks, "{from} to {to}"),
            Err(PlanError::Questions(questions)) => {
                assert!(asks, "{from} to {to}: {questions:?}");
                let (option, _) = &questions[0].options()[0];
                assert!(option.starts_with("--using "), "{option}");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn spaces_that_a_shorter_limit_cuts_are_told_of() {
    let before = "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9) NOT NULL);";
    let file = |length: u32| {
        format!(
            "diesel::table! {{ t (id) {{ id -> Int4, #[max_length = {length}] a -> Varchar, }} }}"
        )
    };
    let fixture = Fixture::new(before).await;
    for (length, is_told) in [(3, true), (12, false)] {
        let plan = fixture.plan(&file(length), &Answers::default()).await;
        let notes = plan.unwrap().notes().join("\n");
        assert_eq!(
            notes.contains("removes trailing spaces"),
            is_told,
            "{length}: {notes}"
        );
    }
}

/// Values that a conversion could change, by the type that reads them.
const HOSTILE: &[(&str, &[&str])] = &[
    ("BOOL", &["true", "false"]),
    ("INT2", &["-32768", "0", "32767"]),
    (
        "INT4",
        &["-2147483648", "-1", "0", "20260304", "2147483647"],
    ),
    (
        "INT8",
        &["-1", "991231", "9007199254740993", "9223372036854775807"],
    ),
    ("OID", &["0", "4294967295"]),
    ("FLOAT4", &["0.1", "-0", "3.4e38", "1e-45", "NaN"]),
    ("FLOAT8", &["0.1", "-0", "1e300", "5e-324", "Infinity"]),
    (
        "NUMERIC",
        &["1.50", "-0.000", "1e40", "0.123456789012345678901", "NaN"],
    ),
    ("DATE", &["0044-03-15 BC", "2026-03-04", "infinity"]),
    ("TIME", &["24:00:00", "13:45:59.123456"]),
    ("TIMESTAMP", &["2026-03-29 02:30:00.5", "infinity"]),
    ("TIMESTAMPTZ", &["2026-03-04 13:45:59+05", "infinity"]),
    ("INTERVAL", &["1 mon -1 days", "36:00:00"]),
    ("UUID", &["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"]),
    ("JSON", &[r#" {"b":1, "a":1,"a":2.0} "#, "null", "1e400"]),
    ("JSONB", &[r#"{"b": 1.50, "a": ""}"#, "null", "7"]),
    ("INET", &["10.1.2.3/8", "::1"]),
    ("CIDR", &["10.0.0.0/8"]),
    ("MACADDR", &["08:00:2b:ff:fe:03"]),
    (
        "MACADDR8",
        &["08:00:2b:01:02:03:04:05", "08:00:2b:ff:fe:03:04:05"],
    ),
    ("INT4RANGE", &["(1,5]", "empty", "(,)"]),
    ("INT8RANGE", &["(1,5]", "[1,)"]),
    ("NUMRANGE", &["(1,5]", "[1.5,2.5)"]),
    (
        "DATERANGE",
        &["(2026-03-04,2026-03-06]", "[2026-03-04,infinity)"],
    ),
    ("TSRANGE", &["[2026-03-04 13:00,2026-03-05 14:00]"]),
    ("TSTZRANGE", &["[2026-03-04 13:00+05,2026-03-05 14:00+05]"]),
    ("INT4MULTIRANGE", &["{[1,5),[7,9)}"]),
    ("DATEMULTIRANGE", &["{[2026-03-04,2026-03-06)}"]),
    (
        "TEXT",
        &[
            "",
            " yes ",
            "007",
            "a  ",
            "0.123456789",
            "2026-03-04 13:45:59+05",
            r#"{"a":1,"a":2}"#,
            "20260304",
            "{1}",
        ],
    ),
    ("VARCHAR(40)", &["007 ", " [1, 2] ", "true"]),
    ("CHAR(9)", &["007", "{}"]),
    (
        "TEXT[]",
        &["{}", "{007,NULL}", "[3:4]={a,b}", r#"{{"a b"}}"#],
    ),
    ("INT4[]", &["{1,NULL}", "[0:1]={7,8}", "{{1},{2}}"]),
    ("mood", &["good", " Bad "]),
];

const INTO: &[&str] = &[
    "Bool",
    "Int2",
    "Int4",
    "Int8",
    "Oid",
    "Float4",
    "Float8",
    "Numeric",
    "Date",
    "Time",
    "Timestamp",
    "Timestamptz",
    "Interval",
    "Uuid",
    "Json",
    "Jsonb",
    "Inet",
    "Cidr",
    "MacAddr",
    "MacAddr8",
    "Int4range",
    "Int8range",
    "Numrange",
    "Daterange",
    "Tsrange",
    "Tstzrange",
    "Int8multirange",
    "Tsmultirange",
    "Text",
    "Varchar",
    "Bpchar",
    "Array<Nullable<Text>>",
    "Array<Nullable<Int8>>",
    "Mood",
];

#[tokio::test]
async fn no_value_changes_in_a_conversion_that_is_not_asked_about() {
    let types = "CREATE TYPE mood AS ENUM ('good', ' Bad ');";
    let columns = HOSTILE.iter().enumerate();
    let columns = columns.map(|(at, (ty, _))| format!("c{at} {ty}"));
    let columns = columns.collect::<Vec<_>>().join(", ");
    let before = format!("{types} CREATE TABLE t (id INT PRIMARY KEY, {columns});");
    let Fixture { database, client } = Fixture::new(&before).await;
    let catalog = Catalog::read(&client, "public").await.unwrap();
    let run = async |sql: &str| client.batch_execute(sql).await;
    let mut silent = Vec::new();
    for (at, (from, values)) in HOSTILE.iter().enumerate() {
        for to in INTO {
            let wanted = Schema::parse(&file_with(at, to)).unwrap();
            let (filter, answers) = (Filter::default(), Answers::default());
            let Ok(plan) = schema_diff::plan(&wanted, &catalog, &filter, &answers) else {
                continue;
            };
            silent.push(format!("{from} to {to}"));
            for value in *values {
                let value = value.replace('\'', "''");
                let insert =
                    format!("DELETE FROM t; INSERT INTO t (id, c{at}) VALUES (1, '{value}')");
                run(&insert).await.unwrap();
                let text = format!("SELECT c{at}::TEXT FROM t");
                let was: String = client.query_one(&text, &[]).await.unwrap().get(0);
                // What does not fit is refused, and nothing has happened.
                if run(&plan.up()).await.is_err() {
                    continue;
                }
                let down = run(&plan.down()).await;
                down.unwrap_or_else(|error| panic!("{from} `{value}` to {to}: {error:?}"));
                let is: String = client.query_one(&text, &[]).await.unwrap().get(0);
                assert_eq!(is, was, "{from} `{value}` to {to}");
            }
        }
    }
    drop(database);
    for known in [
        "TEXT to Json",
        "INT4 to Numeric",
        "mood to Text",
        "TEXT to Mood",
    ] {
        assert!(
            silent.iter().any(|pair| pair == known),
            "{known}: {silent:?}"
        );
    }
}

/// The schema file in which the column number `at` has the type `to`.
fn file_with(at: usize, to: &str) -> String {
    let columns = HOSTILE.iter().enumerate().map(|(number, (from, _))| {
        let (ty, length) = match from.split_once('(') {
            Some((ty, length)) => (ty, length.trim_end_matches(')')),
            None => (*from, ""),
        };
        let ty = match ty {
            "VARCHAR" => "Varchar".to_owned(),
            "CHAR" => "Bpchar".to_owned(),
            "MACADDR" => "MacAddr".to_owned(),
            "MACADDR8" => "MacAddr8".to_owned(),
            _ => {
                let (name, array) = ty
                    .strip_suffix("[]")
                    .map_or((ty, false), |name| (name, true));
                let (first, rest) = name.split_at(1);
                let name = format!("{}{}", first.to_uppercase(), rest.to_lowercase());
                if array {
                    format!("Array<Nullable<{name}>>")
                } else {
                    name
                }
            }
        };
        match (number == at, length) {
            (true, _) => format!("c{number} -> Nullable<{to}>,"),
            (false, "") => format!("c{number} -> Nullable<{ty}>,"),
            (false, _) => format!("#[max_length = {length}] c{number} -> Nullable<{ty}>,"),
        }
    });
    let columns = columns.collect::<String>();
    format!(
        "pub mod sql_types {{ #[derive(diesel::sql_types::SqlType)] \
         #[diesel(postgres_type(name = \"mood\"))] pub struct Mood; }} \
         diesel::table! {{ use super::sql_types::Mood; t (id) {{ id -> Int4, {columns} }} }}"
    )
}

#[tokio::test]
async fn what_the_file_cannot_say_of_a_column_stays_when_its_type_changes() {
    let before = "
        CREATE DOMAIN email AS VARCHAR(20) CHECK (VALUE LIKE '%@%');
        CREATE TABLE t (id INT PRIMARY KEY, a TEXT COLLATE \"C\" NOT NULL UNIQUE, b email);";
    let file = |length: u32| {
        format!(
            "diesel::table! {{ t (id) {{ id -> Int4, a -> Varchar, \
             #[max_length = {length}] b -> Nullable<Varchar>, }} }}"
        )
    };
    let (up, _) = written(before, &file(20), &[]).await;
    assert_eq!(
        up,
        "ALTER TABLE t ALTER COLUMN a TYPE VARCHAR COLLATE \"C\" USING a::TEXT;\n"
    );
    // A domain's checks would go with it.
    let asked = questions(before, &file(50), &Answers::default()).await;
    assert!(matches!(asked[0], Question::Conversion { .. }), "{asked:?}");
}

#[tokio::test]
async fn types_that_the_file_takes_from_elsewhere_are_in_use_all_the_same() {
    let before = "
        CREATE TYPE mood AS ENUM ('x');
        CREATE TYPE frange AS RANGE (subtype = float8);
        CREATE TABLE t (id INT PRIMARY KEY, m mood, k \"char\", r fmultirange);";
    let file = "use crate::types::*;
        pub mod sql_types {
            #[diesel(postgres_type(name = \"fmultirange\"))]
            pub struct Fmultirange;
        }
        diesel::table! { t (id) { id -> Int4, m -> Nullable<Mood>, k -> Nullable<Char>, r -> Nullable<Fmultirange>, } }";
    let planned = Fixture::new(before)
        .await
        .plan(file, &Answers::default())
        .await;
    assert!(planned.unwrap().is_empty());
}

#[tokio::test]
async fn the_keys_of_partitions_are_seen_and_left_alone() {
    let before = "
        CREATE TABLE ty (id INT PRIMARY KEY);
        CREATE TABLE parted (id INT, k INT, t INT REFERENCES ty, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);";
    let file = "diesel::table! { parted (id, k) { id -> Int4, k -> Int4, t -> Nullable<Int4>, } }
        diesel::table! { parted_1 (id, k) { id -> Int4, k -> Int4, t -> Nullable<Int4>, } }
        diesel::table! { ty (id) { id -> Int4, } }
        diesel::joinable!(parted -> ty (t));
        diesel::joinable!(parted_1 -> ty (t));";
    let fixture = Fixture::new(before).await;
    assert!(
        fixture
            .plan(file, &Answers::default())
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(fixture.differences(file).await, [""; 0]);
}

#[tokio::test]
async fn what_is_about_other_columns_too_is_told_when_it_goes() {
    let before = "
        CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, c INT CHECK (c > a), UNIQUE (a, b),
                        d VARCHAR(5) CHECK (d IN ('a', 'b')));
        CREATE INDEX of_both ON t (b, (a + 1));";
    let file =
        "diesel::table! { t (id) { id -> Int4, b -> Nullable<Int4>, c -> Nullable<Int4>, } }";
    let mut fixture = Fixture::new(before).await;
    let (plan, _) = fixture.proven(file, &answers(&["--allow-drop"])).await;
    let notes = plan.notes().join("\n");
    for name in ["`t_check`", "`t_a_b_key`", "`of_both`"] {
        assert!(notes.contains(name), "{name}\n{notes}");
    }
    assert!(!notes.contains("`t_d_check`"), "{notes}");
}

#[tokio::test]
async fn a_default_that_cannot_be_evaluated_is_found_before_a_row_needs_it() {
    let before = "CREATE TABLE t (id INT PRIMARY KEY, a TEXT DEFAULT 'x');";
    let file = "diesel::table! { t (id) { id -> Int4, a -> Nullable<Jsonb>, } }";
    let mut fixture = Fixture::new(before).await;
    let using = answers(&["--using t.a=a::JSONB"]);
    let plan = fixture.plan(file, &using).await.unwrap();
    let proof = fixture.prove(file, &plan).await;
    let error = proof.unwrap_err().to_string();
    assert!(
        error.contains("invalid input syntax for type json"),
        "{error}"
    );
}

#[tokio::test]
async fn an_identity_that_comes_back_goes_on_where_it_was() {
    let before = "CREATE TABLE t (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n TEXT);
                  INSERT INTO t (n) VALUES ('a'), ('b');";
    let file = "diesel::table! { t (id) { id -> Text, n -> Nullable<Text>, } }";
    let fixture = Fixture::new(before).await;
    let plan = fixture.plan(file, &Answers::default()).await.unwrap();
    for sql in [&plan.up(), &plan.down(), "INSERT INTO t (n) VALUES ('c')"] {
        fixture.client.batch_execute(sql).await.unwrap();
    }
    assert_eq!(fixture.database.value("SELECT max(id) FROM t").await, "3");
}

#[tokio::test]
async fn answers_that_nobody_asked_for_are_told() {
    let file = "diesel::table! { tasks (id) { id -> Int8, name -> Text, } }";
    let fixture =
        Fixture::new("CREATE TABLE tasks (id BIGINT PRIMARY KEY, name TEXT NOT NULL);").await;
    let answers = answers(&["--default tasks.name='x'", "--using tasks.name=lower(name)"]);
    let plan = fixture.plan(file, &answers).await.unwrap();
    assert!(plan.is_empty());
    assert_eq!(plan.notes().len(), 2, "{:?}", plan.notes());
}
