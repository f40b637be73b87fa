//! What users of other tools have met when they exported and imported rows.

use std::io::Cursor;

use tenant_core::{Settings, Tenants};
use test_support::TestDatabase;

use crate::archive_fixture::{contents, exported};
use crate::fixture::{Stream, chain, create, name, open_at, tenants};

/// Exports `acme` and imports it as `copy`.
async fn copied(tenants: &Tenants) -> Vec<u8> {
    let file = exported(tenants, "acme").await;
    let copy = name("copy");
    let imported = tenants.import(Cursor::new(file.clone())).named(&copy).await;
    imported.unwrap_or_else(|error| panic!("{}", chain(&error)));
    assert_eq!(
        contents(&file).1,
        contents(&exported(tenants, "copy").await).1
    );
    file
}

/// A tenant `acme` of one migration, with rows.
async fn acme(database: &TestDatabase, migration: &str, rows: &str) -> Tenants {
    let tenants = tenants(database, &Stream::new().with(migration)).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(&format!("SET search_path = acme; {rows}"))
        .await;
    tenants
}

/// Sources: <https://github.com/dimitri/pgcopydb/issues/757>,
/// <https://github.com/dimitri/pgcopydb/issues/496>,
/// <https://github.com/ParabolInc/parabol/issues/6017>.
#[tokio::test]
async fn a_table_of_which_all_columns_are_generated_keeps_its_rows() {
    let database = TestDatabase::new().await;
    let migration = "CREATE TABLE alone (a int GENERATED ALWAYS AS (1) STORED);
         CREATE TABLE first (a int GENERATED ALWAYS AS (b + 1) STORED, b int);";
    let rows = "INSERT INTO alone DEFAULT VALUES; INSERT INTO alone DEFAULT VALUES;
         INSERT INTO first (b) VALUES (1), (NULL);";
    copied(&acme(&database, migration, rows).await).await;
    let sum = "SELECT (SELECT sum(a) FROM copy.alone) || ' ' || (SELECT sum(a) FROM copy.first)";
    assert_eq!(database.value(sum).await, "2 2");
}

/// Sources: <https://github.com/mla/pg_sample/issues/43>,
/// <https://github.com/dimitri/pgloader/issues/688>,
/// <https://github.com/r-dbi/RPostgres/issues/470>.
#[tokio::test]
async fn an_ordinary_role_imports_tables_with_keys_triggers_and_policies() {
    let database = TestDatabase::new().await;
    let migration = "CREATE TABLE a (id int PRIMARY KEY);
         CREATE TABLE b (a int REFERENCES a);
         CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER no BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION no();
         ALTER TABLE a ENABLE ROW LEVEL SECURITY; ALTER TABLE a FORCE ROW LEVEL SECURITY;";
    let rows =
        "ALTER TABLE b DISABLE TRIGGER no; INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);
         SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE b ENABLE TRIGGER no";
    let superusers = acme(&database, migration, rows).await;
    let file = exported(&superusers, "acme").await;
    let role = database.role("secret").await;
    let grant = format!(
        "GRANT CREATE, TEMPORARY ON DATABASE \"{}\" TO {1};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {1}",
        database.name(),
        role.name()
    );
    database.execute(&grant).await;
    let stream = Stream::new().with(migration);
    let tenants = open_at(&role.url(), &stream, Settings::default()).await;
    let copy = name("copy");
    let imported = tenants.import(Cursor::new(file)).named(&copy).await;
    imported.unwrap_or_else(|error| panic!("{}", chain(&error)));
    let rows = "SELECT (SELECT count(*) FROM copy.a) || ' ' || (SELECT count(*) FROM copy.b)";
    assert_eq!(database.value(rows).await, "1 1");
    let forced = "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'copy.a'::regclass";
    assert_eq!(database.value(forced).await, "t");
}

/// Sources: <https://github.com/influitive/apartment/pull/549>,
/// <https://github.com/influitive/apartment/issues/532>.
#[tokio::test]
async fn names_and_values_that_contain_the_tenants_name_stay_as_they_are() {
    let database = TestDatabase::new().await;
    let migration = "CREATE TABLE acme (id int PRIMARY KEY, acme text);
         CREATE TABLE acme_tokens (id int REFERENCES acme);
         CREATE VIEW acmes AS SELECT acme.acme FROM acme;";
    let rows = "INSERT INTO acme VALUES (1, 'acme.acme'); INSERT INTO acme_tokens VALUES (1);";
    copied(&acme(&database, migration, rows).await).await;
    assert_eq!(
        database.value("SELECT acme FROM copy.acmes").await,
        "acme.acme"
    );
}

/// Source: <https://github.com/dimitri/pgcopydb/issues/820>.
#[tokio::test]
async fn a_key_that_the_original_violates_is_named_and_nothing_is_made() {
    let database = TestDatabase::new().await;
    let migration = "CREATE TABLE a (id int PRIMARY KEY);
         CREATE TABLE b (a int CONSTRAINT to_a REFERENCES a);";
    let rows = "SET session_replication_role = replica; INSERT INTO b VALUES (77)";
    let tenants = acme(&database, migration, rows).await;
    let file = exported(&tenants, "acme").await;
    let copy = name("copy");
    let error = tenants
        .import(Cursor::new(file))
        .named(&copy)
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("23503"));
    assert!(
        chain(&error).contains("Key (a)=(77) is not present"),
        "{}",
        chain(&error)
    );
    assert!(!database.schemas().await.contains(&"copy".to_owned()));
}

/// Sources: <https://github.com/vectorize-io/hindsight/issues/3841>,
/// <https://github.com/TablePlus/TablePlus/issues/2027>.
#[tokio::test]
async fn the_first_row_after_an_import_gets_a_new_number() {
    let database = TestDatabase::new().await;
    let migration = "CREATE TABLE t (a int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
             b int GENERATED ALWAYS AS IDENTITY (INCREMENT -1 MINVALUE -9 MAXVALUE 9 START 9 CYCLE),
             c smallserial, \"D d\" serial);
         CREATE SEQUENCE unused;";
    let rows =
        "INSERT INTO t (a) SELECT n FROM generate_series(1, 3) n; INSERT INTO t DEFAULT VALUES
             ON CONFLICT DO NOTHING; SELECT nextval('unused')";
    copied(&acme(&database, migration, rows).await).await;
    for tenant in ["acme", "copy"] {
        let next = format!(
            "INSERT INTO {tenant}.t (a) VALUES (99) RETURNING b || ' ' || c || ' ' || \"D d\""
        );
        assert_eq!(database.value(&next).await, "5 5 5", "{tenant}");
        let next = format!("SELECT nextval('{tenant}.unused')");
        assert_eq!(database.value(&next).await, "2", "{tenant}");
    }
}

/// Source: <https://github.com/brianc/node-pg-copy-streams/issues/91>.
#[tokio::test]
async fn a_row_that_is_longer_than_a_part_stays_whole() {
    let database = TestDatabase::new().await;
    let rows = "INSERT INTO t SELECT n, decode(repeat('00ff0a5c', 750000), 'hex') FROM generate_series(1, 3) n";
    copied(&acme(&database, "CREATE TABLE t (id int, raw bytea);", rows).await).await;
    let same = "SELECT bool_and(a.raw = b.raw) FROM acme.t a JOIN copy.t b USING (id)";
    assert_eq!(database.value(same).await, "t");
}

/// Source: <https://github.com/ankane/pgsync/issues/143>.
#[tokio::test]
async fn an_index_on_a_function_that_finds_its_tables_by_the_path_is_filled() {
    let database = TestDatabase::new().await;
    let migration = "CREATE TABLE factors (n int); INSERT INTO factors VALUES (3);
         CREATE FUNCTION inner_one(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n';
         CREATE FUNCTION times(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE
             AS 'BEGIN RETURN inner_one(n) * 3; END';
         CREATE TABLE t (n int, CHECK (times(n) > 0)); CREATE INDEX by_times ON t (times(n));";
    copied(&acme(&database, migration, "INSERT INTO t VALUES (1), (2)").await).await;
}

/// Source: <https://github.com/pwyf/aid-transparency-tracker/issues/334>.
#[tokio::test]
async fn tables_that_refer_to_each_other_come_back() {
    let database = TestDatabase::new().await;
    let migration = "CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL);
         CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a);
         ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE INITIALLY DEFERRED;
         CREATE TABLE p (id int, kind text, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
         CREATE TABLE p_x PARTITION OF p FOR VALUES IN ('x');
         CREATE TABLE q (id int, kind text, FOREIGN KEY (id, kind) REFERENCES p) PARTITION BY LIST (kind);
         CREATE TABLE q_x PARTITION OF q FOR VALUES IN ('x');";
    let rows = "BEGIN; INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1); COMMIT;
         INSERT INTO p VALUES (1, 'x'); INSERT INTO q VALUES (1, 'x');";
    let tenants = acme(&database, migration, rows).await;
    copied(&tenants).await;
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{:?}", health.problems);
    let keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = '{}'::regnamespace";
    let acme = database.value(&keys.replace("{}", "acme")).await;
    assert_eq!(database.value(&keys.replace("{}", "copy")).await, acme);
}
