//! Streams that other tools apply one deployment at a time only, told after public reports
//! about them: all at once, and to a new tenant, they make the same here.

use tenant_core::Settings;
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, open, outcome, tenants, version};

/// A report, its migrations, and a query with its answer.
type Report = (
    &'static str,
    &'static [&'static str],
    (&'static str, &'static str),
);

const REPORTS: [Report; 9] = [
    (
        "drizzle-kit 525: rows of a deferred key, and a later change of its table",
        &[
            "CREATE TABLE a (id int PRIMARY KEY); \
             CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)",
            "ALTER TABLE b ADD COLUMN x int; ALTER TABLE a ADD COLUMN x int",
        ],
        ("SELECT count(*) FROM b", "1"),
    ),
    (
        "open-chat-studio 2836: rows are deleted, and then their column is dropped",
        &[
            "CREATE TABLE a (id int PRIMARY KEY); \
             CREATE TABLE b (id int, a int REFERENCES a DEFERRABLE INITIALLY DEFERRED); \
             INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 1), (2, NULL)",
            "UPDATE b SET a = NULL WHERE id = 1; DELETE FROM a",
            "ALTER TABLE b DROP COLUMN a; ALTER TABLE a ADD CHECK (id > 0)",
        ],
        ("SELECT count(*) FROM b", "2"),
    ),
    (
        "lemmy 5533: a key is made immediate and deferred again inside a migration",
        &[
            "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int, a int \
             CONSTRAINT of_a REFERENCES a DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO b VALUES (1, 1); INSERT INTO a VALUES (1); \
             SET CONSTRAINTS of_a IMMEDIATE; SET CONSTRAINTS of_a DEFERRED; \
             ALTER TABLE b ALTER COLUMN a SET NOT NULL",
            "INSERT INTO b VALUES (2, 2); INSERT INTO a VALUES (2)",
            "CREATE INDEX ON b (a)",
        ],
        ("SELECT count(*) FROM b", "2"),
    ),
    (
        "agicash 1016: a backfill fires a trigger that is put off, then NOT NULL",
        &[
            "CREATE TABLE a (id int, n int); CREATE TABLE said (n int); \
             CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             INSERT INTO said VALUES (NEW.n); RETURN NULL; END $$; \
             CREATE CONSTRAINT TRIGGER say AFTER UPDATE ON a DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION say(); INSERT INTO a VALUES (1), (2)",
            "UPDATE a SET n = id",
            "ALTER TABLE a ALTER COLUMN n SET NOT NULL",
        ],
        ("SELECT sum(n) FROM said", "3"),
    ),
    (
        "kysely 1154, efcore.pg 3389: an enum is made, gets a value, and that is used",
        &[
            "CREATE TYPE kind AS ENUM ('one', 'two')",
            "ALTER TYPE kind ADD VALUE 'three'",
            "CREATE TABLE a (k kind DEFAULT 'three'); INSERT INTO a DEFAULT VALUES",
        ],
        ("SELECT k FROM a", "three"),
    ),
    (
        "river 681: the new value is used in the body of a function",
        &[
            "CREATE TYPE state AS ENUM ('running')",
            "ALTER TYPE state ADD VALUE IF NOT EXISTS 'pending' AFTER 'running'",
            "CREATE FUNCTION as_bit(s state) RETURNS int LANGUAGE sql IMMUTABLE AS $$ \
             SELECT CASE s WHEN 'pending' THEN 1 ELSE 0 END $$; \
             CREATE TABLE a (s state, b int); INSERT INTO a VALUES ('pending', as_bit('pending'))",
        ],
        ("SELECT b FROM a", "1"),
    ),
    (
        "atlas 3574: two migrations have a temporary table of the same name",
        &[
            "CREATE TEMP TABLE ids (a text); CREATE TABLE a (n int)",
            "CREATE TEMP TABLE ids (b int); INSERT INTO ids VALUES (3); \
             INSERT INTO a SELECT b FROM ids",
        ],
        ("SELECT n FROM a", "3"),
    ),
    (
        "sqlx 2419, pgmigrate 4: the role is another one afterwards",
        &[
            "CREATE TABLE a (who text)",
            "DO $$ BEGIN EXECUTE format('SET ROLE %I', current_user); END $$; \
             SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "INSERT INTO a VALUES (current_setting('role'))",
        ],
        ("SELECT who FROM a", "none"),
    ),
    (
        "typeorm 1408, postgres-shift 10: what a migration makes is there for the next",
        &[
            "CREATE TABLE a (id int PRIMARY KEY, n int)",
            "INSERT INTO a VALUES (1, 1); ALTER TABLE a ADD CONSTRAINT c CHECK (n > 0) NOT VALID",
            "ALTER TABLE a VALIDATE CONSTRAINT c",
            "CREATE UNIQUE INDEX i ON a (n); ALTER TABLE a ADD CONSTRAINT u UNIQUE USING INDEX i",
        ],
        (
            "SELECT count(*) FROM pg_constraint WHERE conname = 'c' AND convalidated",
            "2",
        ),
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_other_tools_stumble_over_are_applied_at_once() {
    for (report, migrations, (query, answer)) in REPORTS {
        let database = TestDatabase::new().await;
        let first = Stream::new().with("SELECT 1");
        create(&tenants(&database, &first).await, &["old"]).await;
        let all = migrations.iter().fold(first, |stream, up| stream.with(up));
        let tenants = open(&database, &all, Settings::default()).await;
        let migrated = migrate(&tenants).await;
        let applied = (2..=migrations.len() + 1).map(version).collect::<Vec<_>>();
        assert_eq!(outcome(&migrated, "old").applied, applied, "{report}");
        create(&tenants, &["new"]).await;
        for tenant in ["old", "new"] {
            let client = database.client().await;
            let path = format!("SET search_path TO {tenant}");
            client.batch_execute(&path).await.unwrap();
            let found = client.simple_query(query).await.unwrap();
            let found = found.iter().find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            });
            assert_eq!(found, Some(answer), "{report}: {tenant}");
        }
        assert!(
            tenants.health().await.unwrap().problems.is_empty(),
            "{report}"
        );
    }
}

#[tokio::test]
async fn a_temporary_table_that_outlives_its_transaction_is_not_there_for_the_next_tenant() {
    // formance/ledger 2000: a backfill commits on its way and leaves its table of ids.
    let database = TestDatabase::new().await;
    let first = Stream::new().with("CREATE TABLE a (n int)");
    create(&tenants(&database, &first).await, &["a", "b", "c"]).await;
    let stream = first.outside(
        "DO $$ BEGIN CREATE TEMP TABLE ids AS SELECT 1 AS n; COMMIT; \
         INSERT INTO a SELECT n FROM ids; COMMIT; END $$",
    );
    let tenants = open(&database, &stream, Settings::default()).await;
    let report = tenants.migrate().jobs(1).await.unwrap();
    for tenant in ["a", "b", "c"] {
        assert_eq!(outcome(&report, tenant).applied, [version(2)], "{report:?}");
        let rows = format!("SELECT n FROM {tenant}.a");
        assert_eq!(database.value(&rows).await, "1");
    }
}
