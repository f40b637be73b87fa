//! Copies what is in one tenant's schema to another of the same shape, inside the
//! transaction that is open.
//!
//! The transaction is one of `REPEATABLE READ`, so that all tables are read as they
//! were at one moment, whoever writes meanwhile. The new schema has its tables and no
//! foreign keys, triggers and policies yet, which would stand in the way of the rows.

use tokio_postgres::SimpleQueryRow;

use super::Work;
use super::holders::watched;
use super::script::Script;
use crate::sql::{LEDGER, Schema, ident, literal};
use crate::{Error, tracker};

/// The statement by which the transaction finds out that what it sees is out of date:
/// its first statement has taken the lock, and what it sees is as old as that
/// statement's beginning. Whoever changed the tenant until then has written to its
/// registration, and PostgreSQL answers with 40001.
pub(super) fn require_newest(from: Schema<'_>) -> String {
    let name = literal(from.name());
    format!(
        "SELECT FROM {} WHERE name = {name} FOR SHARE",
        tracker::TABLE
    )
}

/// Locks the tables of the schema against changes of their form, and fails, by a
/// division by zero, where one was written anew since the transaction began: its rows
/// would all be too new to be seen.
pub(super) async fn hold_tables(work: Work<'_>, from: Schema<'_>) -> Result<(), Error> {
    let mut script = Script::default();
    script.step("listing the tables", &tables_to_hold(from));
    let rows = ask(work, &script).await?;
    let tables = rows.iter().filter_map(|row| row.get(0));
    let tables = tables.collect::<Vec<_>>().join(", ");
    if tables.is_empty() {
        return Ok(());
    }
    let mut script = Script::default();
    let lock = format!("LOCK TABLE {tables} IN ACCESS SHARE MODE");
    script.step("holding the tables", &lock);
    script.step(
        "checking that no table was written anew",
        &none_written_anew(from),
    );
    ask(work, &script).await.map(drop)
}

fn tables_to_hold(from: Schema<'_>) -> String {
    format!(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') ORDER BY c.relname",
        literal(from.name())
    )
}

/// The function knows where the rows are now; the catalog is seen as it was.
fn none_written_anew(from: Schema<'_>) -> String {
    format!(
        "SELECT 1 / (NOT EXISTS (SELECT FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relkind = 'r' \
             AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode))::int",
        literal(from.name())
    )
}

/// Copies the rows of all tables, those of the ledger as well, and lets the sequences
/// go on where they stand.
///
/// # Errors
///
/// What the server says about a table, such as that row-level security would hide
/// some of it from this role (42501).
pub(super) async fn copy_data(
    work: Work<'_>,
    from: Schema<'_>,
    to: Schema<'_>,
) -> Result<(), Error> {
    let mut script = Script::default();
    // With it PostgreSQL refuses what it would otherwise leave out silently.
    script.step("seeing all rows", "SET LOCAL row_security = off");
    script.step("listing the columns", &columns(from, to));
    let rows = ask(work, &script).await?;
    for (table, statement) in copies(&rows, from, to) {
        let mut script = Script::default();
        script.step("copying rows", &statement);
        let done = watched(work, &script).await;
        done.map_err(|failure| failure.about(&format!("copying the rows of `{table}`"), work))?;
    }
    let mut script = Script::default();
    script.step("listing the sequences", &sequences(from, to));
    let rows = ask(work, &script).await?;
    let mut script = Script::default();
    for statement in rows.iter().filter_map(|row| row.get(0)) {
        script.step("letting a sequence go on", statement);
    }
    script.step("seeing what everybody sees", "SET LOCAL row_security = on");
    ask(work, &script).await.map(drop)
}

/// The statement that copies which migrations are applied.
pub(super) fn copy_ledger(from: Schema<'_>, to: Schema<'_>) -> String {
    format!(
        "INSERT INTO {} (version, run_on) SELECT version, run_on FROM {}",
        to.ledger(),
        from.ledger()
    )
}

/// The query for the columns that hold values, by table: the table's name, whether to
/// read it without those that inherit from it, the column, and how it is read. A table
/// without such columns has one row with nulls.
///
/// A type of the schema itself is another one there: its values go through text.
fn columns(from: Schema<'_>, to: Schema<'_>) -> String {
    format!(
        "SELECT c.relname, c.relkind = 'r', pg_catalog.quote_ident(a.attname), \
             pg_catalog.quote_ident(a.attname) || CASE WHEN t.typnamespace = n.oid THEN \
                 pg_catalog.format('::text::%s.%I%s', {to_ident}, coalesce(e.typname, t.typname), \
                     CASE WHEN e.oid IS NULL THEN '' ELSE '[]' END) \
             ELSE '' END \
         FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
              AND NOT a.attisdropped AND a.attgenerated = '' \
         LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
         AND c.relname <> {} ORDER BY c.relname, a.attnum",
        literal(from.name()),
        literal(LEDGER),
        to_ident = literal(&to.ident()),
    )
}

/// For each table its name, and the statement that copies its rows.
fn copies(rows: &[SimpleQueryRow], from: Schema<'_>, to: Schema<'_>) -> Vec<(String, String)> {
    let tables = rows.chunk_by(|one, next| one.get(0) == next.get(0));
    let copies = tables.filter_map(|columns| {
        let first = columns.first()?;
        let name = first.get(0)?;
        let only = if first.get(1)? == "t" { "ONLY " } else { "" };
        let list = |column| {
            let texts = columns.iter().filter_map(|row| row.get(column));
            texts.collect::<Vec<_>>().join(", ")
        };
        Some((
            name.to_owned(),
            copy(name, only, &list(2), &list(3), from, to),
        ))
    });
    copies.collect()
}

fn copy(
    table: &str,
    only: &str,
    columns: &str,
    values: &str,
    from: Schema<'_>,
    to: Schema<'_>,
) -> String {
    let (table, from, to) = (ident(table), from.ident(), to.ident());
    // An empty list is no list.
    let columns = if columns.is_empty() {
        String::new()
    } else {
        format!("({columns}) OVERRIDING SYSTEM VALUE ")
    };
    format!("INSERT INTO {to}.{table} {columns}SELECT {values} FROM {only}{from}.{table}")
}

/// The query for the statements that set each sequence to where its original stands.
/// That of an identity column has a name of PostgreSQL's choice.
fn sequences(from: Schema<'_>, to: Schema<'_>) -> String {
    let to = literal(&to.ident());
    format!(
        "SELECT pg_catalog.format('SELECT pg_catalog.setval(%s, last_value, is_called) FROM %I.%I', \
             CASE WHEN a.attname IS NULL \
                  THEN pg_catalog.quote_literal({to} || '.' || pg_catalog.quote_ident(s.relname)) \
                  ELSE pg_catalog.format('pg_catalog.pg_get_serial_sequence(%L, %L)', \
                      {to} || '.' || pg_catalog.quote_ident(c.relname), a.attname) END, \
             n.nspname, s.relname) \
         FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class s ON s.relnamespace = n.oid \
         LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
              AND d.objid = s.oid AND d.objsubid = 0 AND d.deptype = 'i' \
              AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         LEFT JOIN pg_catalog.pg_class c ON c.oid = d.refobjid \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid \
         WHERE n.nspname = {} AND s.relkind = 'S' ORDER BY s.relname",
        literal(from.name())
    )
}

/// The query for the materialized views that nobody has filled, and the statement that
/// empties each in the new schema.
pub(super) fn empty_views(from: Schema<'_>, to: Schema<'_>) -> String {
    format!(
        "SELECT pg_catalog.format('REFRESH MATERIALIZED VIEW %s.%I WITH NO DATA', {}, c.relname) \
         FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
         WHERE n.nspname = {} AND c.relkind = 'm' AND NOT c.relispopulated ORDER BY c.relname",
        literal(&to.ident()),
        literal(from.name())
    )
}

/// The query for what a copy would lack: objects of kinds that no shape holds, each in
/// PostgreSQL's words. What an extension brought is the extension's, which stays in the
/// schema that it was made in.
pub(super) fn what_cannot_be_made(from: Schema<'_>) -> String {
    format!(
        "SELECT pg_catalog.pg_describe_object(d.classid, d.objid, 0) \
         FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid \
         WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
         AND n.nspname = {} AND d.deptype = 'n' \
         AND d.classid::pg_catalog.regclass::text NOT IN ('pg_class', 'pg_type', 'pg_statistic_ext', \
             'pg_proc', 'pg_catalog.pg_class', 'pg_catalog.pg_type', 'pg_catalog.pg_proc', \
             'pg_catalog.pg_statistic_ext') \
         UNION ALL \
         SELECT pg_catalog.pg_describe_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0) \
         FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         WHERE n.nspname = {0} AND p.prokind = 'a' \
         UNION ALL \
         SELECT pg_catalog.pg_describe_object('pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 0) \
         FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
         WHERE n.nspname = {0} AND t.typtype = 'b' AND t.typelem = 0 \
         ORDER BY 1",
        literal(from.name())
    )
}

async fn ask(work: Work<'_>, script: &Script<'_>) -> Result<Vec<SimpleQueryRow>, Error> {
    let rows = watched(work, script).await;
    rows.map_err(|failure| failure.into_error(work))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Settings;
    use crate::migration::MigrationSet;
    use crate::testing::ScratchDatabase;
    use crate::{Database, TenantName};

    const SHAPE: &str = "
        CREATE TYPE mood AS ENUM ('good', 'it''s bad');
        CREATE DOMAIN short AS text CHECK (length(value) < 20);
        CREATE TYPE pair AS (mood mood, notes short[]);
        CREATE TYPE span AS RANGE (SUBTYPE = int4);
        CREATE SEQUENCE numbers START 100;
        CREATE TABLE people (
            id int GENERATED ALWAYS AS IDENTITY,
            gone int,
            \"Mood\" mood, moods mood[][], pair pair, pairs pair[], span span, raw bytea,
            number bigint DEFAULT nextval('numbers'),
            twice int GENERATED ALWAYS AS (id * 2) STORED
        );
        ALTER TABLE people DROP COLUMN gone;
        CREATE TABLE nothing ();
        CREATE TABLE parent (id int);
        CREATE TABLE child (more text) INHERITS (parent);
        CREATE TABLE parted (id int) PARTITION BY LIST (id);
        CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);
        CREATE TABLE __diesel_schema_migrations (version text, run_on timestamp);";

    const ROWS: &str = "
        INSERT INTO people (\"Mood\", moods, pair, pairs, span, raw) VALUES
            ('it''s bad', '{{good,NULL},{good,\"it''s bad\"}}', ROW('good', '{\"a,b\",\"(\"}'),
             ARRAY[ROW('good', NULL)::pair, NULL], '[1,5)', '\\x00ff'),
            (NULL, NULL, NULL, NULL, NULL, NULL);
        INSERT INTO nothing SELECT FROM generate_series(1, 3);
        INSERT INTO parent VALUES (1);
        INSERT INTO child VALUES (2, 'x');
        INSERT INTO parted VALUES (1), (1);
        INSERT INTO __diesel_schema_migrations VALUES ('1', now())";

    #[tokio::test]
    async fn rows_of_all_types_and_where_sequences_stand_arrive_as_they_were() {
        let scratch = ScratchDatabase::new().await;
        let database = Database::parse(&scratch.url()).unwrap();
        let sessions = database.sessions(1);
        let session = sessions.get().await.unwrap();
        let client = session.client();
        let (acme, beta): (TenantName, TenantName) =
            ("acme".parse().unwrap(), "Beta".parse().unwrap());
        for schema in ["acme", "\"Beta\""] {
            let path = crate::path::Path::new(
                Schema::Tenant(if schema == "acme" { &acme } else { &beta }),
                None,
            );
            let make = format!("CREATE SCHEMA {schema}; {}; {SHAPE}", path.set_session());
            client.batch_execute(&make).await.unwrap();
        }
        let path = crate::path::Path::new(Schema::Tenant(&acme), None).set_session();
        client
            .batch_execute(&format!("{path}; {ROWS}; RESET ALL"))
            .await
            .unwrap();
        let (migrations, settings) = (MigrationSet::default(), Settings::default());
        let (from, to) = (Schema::Tenant(&acme), Schema::Tenant(&beta));
        let work = Work {
            session: &session,
            schema: to,
            migrations: &migrations,
            settings: &settings,
            database: &database,
            fingerprints: true,
        };
        client
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
            .await
            .unwrap();
        hold_tables(work, from).await.unwrap();
        copy_data(work, from, to).await.unwrap();
        client.batch_execute(&copy_ledger(from, to)).await.unwrap();
        client.batch_execute("COMMIT").await.unwrap();
        for table in ["people", "nothing", "parent", "child", "parted"] {
            let rows = |schema: &str| {
                format!(
                    "SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') || count(*) \
                     FROM {schema}.{table} t"
                )
            };
            let one = client.query_one(&rows("acme"), &[]).await.unwrap();
            let other = client.query_one(&rows("\"Beta\""), &[]).await.unwrap();
            let (one, other): (String, String) = (one.get(0), other.get(0));
            assert!(!one.is_empty());
            assert_eq!(one, other, "{table}");
        }
        let next =
            "INSERT INTO \"Beta\".people (\"Mood\") VALUES ('good') RETURNING id, number, twice";
        let next = client.query_one(next, &[]).await.unwrap();
        let next: (i32, i64, i32) = (next.get(0), next.get(1), next.get(2));
        assert_eq!(next, (3, 102, 6));

        let text = |message: &tokio_postgres::SimpleQueryMessage| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        let rare = client
            .simple_query(&what_cannot_be_made(from))
            .await
            .unwrap();
        assert_eq!(rare.iter().find_map(text), None);
        client
            .batch_execute(
                "CREATE COLLATION acme.here (locale = 'C');
                 CREATE AGGREGATE acme.total(int) (sfunc = int4pl, stype = int);
                 CREATE MATERIALIZED VIEW acme.seen AS SELECT 1 WITH NO DATA",
            )
            .await
            .unwrap();
        let rare = client
            .simple_query(&what_cannot_be_made(from))
            .await
            .unwrap();
        let rare = rare.iter().filter_map(text).collect::<Vec<_>>();
        assert_eq!(
            rare,
            ["collation acme.here", "function acme.total(integer)"]
        );
        let empty = client.simple_query(&empty_views(from, to)).await.unwrap();
        let empty = empty.iter().find_map(text).unwrap();
        assert_eq!(
            empty,
            "REFRESH MATERIALIZED VIEW \"Beta\".seen WITH NO DATA"
        );

        // A run that ended behind the snapshot has written to the registration.
        let other = database.driver().await.unwrap();
        other
            .batch_execute(
                "CREATE TABLE public.schema_tracker (name text, version text);
                INSERT INTO public.schema_tracker VALUES ('acme')",
            )
            .await
            .unwrap();
        client
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
            .await
            .unwrap();
        let run = "UPDATE public.schema_tracker SET version = '2'";
        other.batch_execute(run).await.unwrap();
        let stale = client
            .simple_query(&require_newest(from))
            .await
            .unwrap_err();
        assert_eq!(stale.code().unwrap().code(), "40001");
        client.batch_execute("ROLLBACK").await.unwrap();

        // Somebody writes a table anew behind the snapshot.
        client
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
            .await
            .unwrap();
        let rewrite = "ALTER TABLE acme.parent ALTER COLUMN id TYPE bigint";
        other.batch_execute(rewrite).await.unwrap();
        let refused = hold_tables(work, from).await.unwrap_err();
        assert_eq!(refused.sqlstate(), Some("22012"), "{refused}");
        client.batch_execute("ROLLBACK").await.unwrap();
        session.finish();
    }
}
