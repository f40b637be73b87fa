//! What PostgreSQL lets run outside a transaction only, asked of the server itself, and
//! statements about the whole server.

use local_postgres::ThrowawayServer;
use tempfile::TempDir;
use tenant_core::{Settings, Status};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, open, outcome, tenants, two_steps};

/// What a statement is about.
const THERE: &str = "
    CREATE TABLE t (a int, b text) PARTITION BY RANGE (a);
    CREATE TABLE p PARTITION OF t FOR VALUES FROM (1) TO (2);
    CREATE TABLE q PARTITION OF t FOR VALUES FROM (2) TO (3);
    CREATE INDEX i ON p (a);
    CREATE INDEX j ON t (b);
    CREATE TYPE mood AS ENUM ('calm');
    CREATE MATERIALIZED VIEW v AS SELECT 1 AS a;
    CREATE UNIQUE INDEX k ON v (a);
    CREATE PROCEDURE pause() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
    CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere' PUBLICATION pub
        WITH (connect = false, slot_name = 'none_there');";

/// What the server says of each in a transaction: it refuses it in each, or not.
const REFUSED: &[&str] = &[
    "CREATE INDEX CONCURRENTLY n ON p (a)",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON p (a)",
    "DROP INDEX CONCURRENTLY i",
    "DROP INDEX CONCURRENTLY IF EXISTS nothing",
    "REINDEX INDEX CONCURRENTLY i",
    "REINDEX (VERBOSE, CONCURRENTLY) TABLE p",
    "REINDEX SCHEMA public",
    "REINDEX DATABASE postgres",
    "REINDEX SYSTEM postgres",
    "REINDEX (VERBOSE) SCHEMA public",
    "VACUUM",
    "VACUUM (FULL, ANALYZE) p",
    "CLUSTER",
    "CLUSTER VERBOSE",
    "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
    "ALTER TABLE ONLY t DETACH PARTITION p CONCURRENTLY",
    "ALTER SYSTEM SET work_mem = '5MB'",
    "ALTER SYSTEM RESET ALL",
    "CREATE DATABASE other_one",
    "DROP DATABASE IF EXISTS other_one",
    "ALTER DATABASE postgres SET TABLESPACE pg_default",
    "CREATE TABLESPACE fast LOCATION '/nowhere'",
    "DROP TABLESPACE IF EXISTS fast",
    "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p",
    "COMMIT PREPARED 'x'",
    "ROLLBACK PREPARED 'x'",
    "DISCARD ALL",
];

/// What it refuses as it finds the table, the subscription or the procedure; before
/// PostgreSQL 14 not each of them.
const DEPENDS: &[&str] = &[
    "REINDEX TABLE t",
    "REINDEX INDEX j",
    "CLUSTER t USING j",
    "DROP SUBSCRIPTION sub",
    "ALTER SUBSCRIPTION sub REFRESH PUBLICATION",
    "CALL pause()",
    "DO $$ BEGIN COMMIT; END $$",
];

const ALLOWED: &[&str] = &[
    "REINDEX TABLE p",
    "REINDEX INDEX i",
    "CLUSTER p USING i",
    "ANALYZE p",
    "CREATE INDEX ON p (a)",
    "DROP INDEX i",
    "ALTER TABLE t DETACH PARTITION q",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
    "ALTER TYPE mood ADD VALUE 'glad'",
    "CHECKPOINT",
    "DISCARD PLANS",
    "DISCARD TEMP",
    "LOCK TABLE p",
    "ALTER DATABASE postgres SET work_mem = '4MB'",
    "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)",
    "ALTER SUBSCRIPTION sub SET (synchronous_commit = off)",
    "DO $$ BEGIN PERFORM 1; END $$",
    "REINDEX (CONCURRENTLY false) TABLE p",
];

/// The server's version.
pub(crate) async fn major(database: &TestDatabase) -> u32 {
    let number = "SELECT current_setting('server_version_num')::int / 10000";
    database.value(number).await.parse().unwrap()
}

/// What the server says in a transaction.
async fn in_transaction(database: &TestDatabase, statement: &str) -> Option<String> {
    let client = database.client().await;
    // Refused for what it is, and not because the subscription is switched off.
    let begin = "BEGIN; ALTER SUBSCRIPTION sub ENABLE";
    client.batch_execute(begin).await.unwrap();
    let done = client.batch_execute(statement).await;
    done.err()
        .map(|error| error.code().unwrap().code().to_owned())
}

/// Why a migration in a transaction is refused that has this statement; nothing where it
/// is not.
fn refusal(statement: &str) -> Option<String> {
    let set = Stream::new().with(statement).set();
    let migration = set.iter().next().unwrap();
    migration
        .refusal()
        .map(|refusal| refusal.reason.to_string())
}

#[tokio::test]
async fn the_server_and_we_agree_on_what_cannot_be_in_a_transaction() {
    let database = TestDatabase::new().await;
    database.execute(THERE).await;
    let major = major(&database).await;
    for statement in REFUSED {
        let said = in_transaction(&database, statement).await;
        // An older server does not know each of them.
        let is_known = said.as_deref() != Some("42601");
        assert!(!is_known || said.as_deref() == Some("25001"), "{statement}");
        assert!(refusal(statement).is_some(), "{statement}");
    }
    for statement in DEPENDS {
        let said = in_transaction(&database, statement).await;
        assert!(said.is_some() || major < 14, "{statement}");
        assert_eq!(refusal(statement), None, "{statement}");
    }
    for statement in ALLOWED {
        let said = in_transaction(&database, statement).await;
        assert!(said.is_none_or(|code| code == "42601"), "{statement}");
        assert_eq!(refusal(statement), None, "{statement}");
    }
    let slotless = "ALTER SUBSCRIPTION sub SET (slot_name = NONE); DROP SUBSCRIPTION sub";
    database.execute(slotless).await;
}

/// Statements about the whole server, a question, and the answer when they are done.
fn about_the_server(folder: &str) -> Vec<(String, &'static str, &'static str)> {
    let count = |catalog| match catalog {
        "d" => "SELECT count(*)::text FROM pg_database WHERE datname = 'Other'",
        _ => "SELECT count(*)::text FROM pg_tablespace WHERE spcname = 'fast'",
    };
    vec![
        (
            "VACUUM tasks; CREATE DATABASE \"Other\";".to_owned(),
            count("d"),
            "1",
        ),
        (
            "VACUUM tasks; DROP DATABASE \"Other\";".to_owned(),
            count("d"),
            "0",
        ),
        (
            format!("VACUUM tasks; CREATE TABLESPACE fast LOCATION '{folder}';"),
            count("t"),
            "1",
        ),
        (
            "VACUUM tasks; DROP TABLESPACE fast;".to_owned(),
            count("t"),
            "0",
        ),
        (
            "ALTER SYSTEM SET deadlock_timeout = '7s';".to_owned(),
            "SELECT setting FROM pg_file_settings WHERE name = 'deadlock_timeout'",
            "7s",
        ),
    ]
}

/// Lets no run record anything.
const REFUSE: &str = "
    CREATE OR REPLACE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE 'not today'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON public.schema_tracker FOR EACH ROW
    WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION public.refuse()";

#[tokio::test]
async fn what_was_done_to_the_server_and_not_recorded_is_not_done_again() {
    let server = ThrowawayServer::start().unwrap();
    let folder = TempDir::new_in(server.data_dir().parent().unwrap()).unwrap();
    let owner = std::fs::metadata(server.data_dir()).unwrap();
    let owner = (
        std::os::unix::fs::MetadataExt::uid(&owner),
        std::os::unix::fs::MetadataExt::gid(&owner),
    );
    std::os::unix::fs::chown(folder.path(), Some(owner.0), Some(owner.1)).unwrap();
    let database = TestDatabase::on(&server).await;
    let mut stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    for (file, question, answer) in about_the_server(folder.path().to_str().unwrap()) {
        stream = stream.outside(&file);
        database.execute(REFUSE).await;
        let new = open(&database, &stream, Settings::default()).await;
        let report = migrate(&new).await;
        assert_eq!(outcome(&report, "acme").status, Status::Failed, "{file}");
        assert_eq!(database.value(question).await, answer, "{file}");
        database
            .execute("DROP TRIGGER refuse ON public.schema_tracker")
            .await;
        let report = migrate(&new).await;
        assert_eq!(report.count(Status::Migrated), 1, "{file}: {report:?}");
        assert_eq!(database.value(question).await, answer, "{file}");
    }
    // None of it is in a schema, so that none of it is tried to see what a schema holds.
    let health = open(&database, &stream, Settings::default()).await;
    let health = health.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
    assert_eq!(health.as_expected, Some(1));
    let count = "SELECT count(*) FROM pg_database WHERE datname = 'Other'";
    assert_eq!(database.value(count).await, "0");
}

#[tokio::test]
async fn a_subscription_that_was_made_and_not_recorded_is_not_made_again() {
    let publisher = ThrowawayServer::builder()
        .setting("wal_level", "logical")
        .start()
        .unwrap();
    let source = TestDatabase::on(&publisher).await;
    source
        .execute("CREATE PUBLICATION one; CREATE PUBLICATION two")
        .await;
    let server = ThrowawayServer::start().unwrap();
    let database = TestDatabase::on(&server).await;
    if major(&database).await < 14 {
        return;
    }
    let mut stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let made = format!(
        "CREATE SUBSCRIPTION shop_sub CONNECTION '{}' PUBLICATION one;",
        source.url()
    );
    let publications = "SELECT array_to_string(array_agg(p), ',') FROM pg_subscription s, \
                        unnest(s.subpublications) p";
    for (file, answer) in [
        (made.as_str(), "one"),
        (
            "VACUUM tasks; ALTER SUBSCRIPTION shop_sub ADD PUBLICATION two;",
            "one,two",
        ),
        (
            "VACUUM tasks; ALTER SUBSCRIPTION shop_sub DROP PUBLICATION one;",
            "two",
        ),
        ("ALTER SUBSCRIPTION shop_sub REFRESH PUBLICATION;", "two"),
        ("VACUUM tasks; DROP SUBSCRIPTION shop_sub;", "NULL"),
    ] {
        stream = stream.outside(file);
        database.execute(REFUSE).await;
        let new = open(&database, &stream, Settings::default()).await;
        let report = migrate(&new).await;
        assert_eq!(outcome(&report, "acme").status, Status::Failed, "{file}");
        assert_eq!(
            database.value(publications).await,
            answer,
            "{file}: {report:?}"
        );
        database
            .execute("DROP TRIGGER refuse ON public.schema_tracker")
            .await;
        let report = migrate(&new).await;
        assert_eq!(report.count(Status::Migrated), 1, "{file}: {report:?}");
        assert_eq!(database.value(publications).await, answer, "{file}");
    }
}
