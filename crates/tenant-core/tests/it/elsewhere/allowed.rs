//! What runs, because it changes nothing that is shared, or says that it does.

use tenant_core::{Error, Settings, Status};
use test_support::TestDatabase;

use super::{OWN, behind, open, run, shared};
use crate::fixture::{self, Stream, chain, create, migrate, name, outcome};

/// Each of `texts` runs for `acme`, and for a new tenant in one go.
async fn each_runs(texts: &[&str]) {
    let mut wrong = Vec::new();
    let original = shared().await;
    for text in texts {
        let database = original.copy().await;
        if let Err(error) = run(&database, text).await {
            wrong.push(format!("{text}: {}", chain(&error)));
        }
        let tenants = open(&database, &Stream::new().with(OWN).with(text)).await;
        if let Err(error) = tenants.create(&name("newer")).await {
            wrong.push(format!("{text}: for a new tenant: {}", chain(&error)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_only_uses_shared_objects_runs() {
    each_runs(&[
        "CREATE TABLE a (name citext UNIQUE, extra hstore, m mood, n positive)",
        "CREATE TABLE a (id int DEFAULT nextval('numbers')); INSERT INTO a DEFAULT VALUES",
        "CREATE INDEX ON tasks ((title::citext)); SELECT answer(), 'a=>1'::hstore -> 'a'",
        "ALTER TABLE tasks ADD COLUMN plan int REFERENCES plans",
        "ALTER TABLE tasks ADD COLUMN plan int REFERENCES untouched ON DELETE CASCADE",
        "CREATE TABLE a (p int REFERENCES plans); INSERT INTO a VALUES (1); DELETE FROM a",
        "CREATE TABLE a (p int REFERENCES untouched); DROP TABLE a",
        "CREATE TABLE a (p int REFERENCES plans); ALTER TABLE a DROP CONSTRAINT a_p_fkey",
        "CREATE TABLE a (p int REFERENCES plans); ALTER TABLE a ALTER p TYPE bigint",
        "ALTER TABLE tasks ADD p int CONSTRAINT k REFERENCES plans NOT NULL DEFAULT 1; \
         ALTER TABLE tasks VALIDATE CONSTRAINT k; ALTER TABLE tasks DROP COLUMN p",
        "CREATE VIEW v AS SELECT * FROM plans; DROP VIEW v; CREATE VIEW v AS TABLE sessions",
        "CREATE MATERIALIZED VIEW v AS SELECT * FROM plans; REFRESH MATERIALIZED VIEW v",
        "INSERT INTO tasks SELECT id + 10, title FROM plans FOR UPDATE",
        "CREATE TABLE a (LIKE plans INCLUDING ALL); DROP TABLE a; ALTER TABLE tasks RENAME TO t",
        "CREATE TRIGGER n BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION nothing(); \
         INSERT INTO tasks VALUES (5); DROP TRIGGER n ON tasks; DROP FUNCTION wipe()",
        "LOCK TABLE plans; LOCK TABLE sessions IN SHARE ROW EXCLUSIVE MODE",
        "ANALYZE plans, tasks",
        "CREATE EXTENSION IF NOT EXISTS citext; CREATE EXTENSION IF NOT EXISTS hstore SCHEMA public",
        "CREATE TABLE sessions (id int); INSERT INTO sessions VALUES (1); DROP TABLE sessions",
        "CREATE TABLE sessions (id int); DO $$ BEGIN DELETE FROM sessions; END $$; SELECT wipe()",
        "CREATE TEMPORARY TABLE sessions (id int); INSERT INTO sessions VALUES (1); \
         DROP TABLE sessions",
        "CREATE TYPE mood AS ENUM ('a'); ALTER TYPE mood ADD VALUE 'b'; DROP TYPE mood",
        "DO $$ BEGIN DELETE FROM sessions; RAISE division_by_zero; \
         EXCEPTION WHEN division_by_zero THEN NULL; END $$",
        "SAVEPOINT a; DROP TABLE plans; ALTER TYPE mood RENAME TO m; ROLLBACK TO a",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC",
    ])
    .await;
}

#[tokio::test]
async fn what_names_the_shared_schema_runs() {
    each_runs(&[
        "INSERT INTO public.plans VALUES (2, 'pro') ON CONFLICT DO NOTHING",
        "insert into PUBLIC.\"plans\" values (2) on conflict (id) do update set title = 'x'",
        "UPDATE public.plans SET title = t.title FROM tasks t WHERE plans.id = t.id",
        "DO $$ BEGIN DELETE FROM public.sessions; END $$",
        "INSERT INTO public.events VALUES (1); TRUNCATE public.events",
        "SELECT setval('public.numbers', 5)",
        "ALTER TYPE public.mood ADD VALUE IF NOT EXISTS 'wild'",
        "ALTER TABLE public.plans ADD COLUMN IF NOT EXISTS extra int",
        "COMMENT ON TABLE public.plans IS 'x'; GRANT SELECT ON public.plans TO PUBLIC",
        "CREATE INDEX IF NOT EXISTS plans_title ON public.plans (title)",
        "DROP INDEX IF EXISTS public.sessions_note",
        "DROP VIEW IF EXISTS public.recent",
        "ALTER FUNCTION public.answer() COST 7; ALTER DOMAIN public.anything SET DEFAULT 1",
        "ALTER SEQUENCE public.numbers INCREMENT 5; ALTER COLLATION public.plain REFRESH VERSION",
        // The tenant has one of its own, and means both.
        "CREATE TABLE plans (id int); INSERT INTO plans SELECT id FROM public.plans; \
         INSERT INTO public.plans VALUES (3) ON CONFLICT DO NOTHING",
    ])
    .await;
}

#[tokio::test]
async fn triggers_that_keep_a_shared_log_go_on() {
    let functions = [
        // A function of the tenant's that names the schema.
        "CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         INSERT INTO public.audit_log (what) VALUES (TG_OP); RETURN NEW; END $$;",
        "CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN \
         INSERT INTO \"public\" . \"audit_log\" (what) VALUES (TG_OP); RETURN NEW; END $$;",
        // One with a path of its own.
        "CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql \
         SET search_path = pg_catalog, public AS $$ BEGIN \
         INSERT INTO audit_log (what) VALUES (TG_OP); RETURN NEW; END $$;",
    ];
    let table = "CREATE TABLE tasks (id int); \
                 CREATE TRIGGER log AFTER INSERT OR UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION ";
    for function in functions {
        let first = format!("{function} {table} log()");
        logs(&first, "").await;
    }
    // One of a schema that is not in the path, and one of the shared schema.
    logs(
        &format!("{table} tools.log()"),
        "CREATE SCHEMA tools; CREATE FUNCTION tools.log() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN INSERT INTO public.audit_log (what) VALUES (TG_OP); RETURN NEW; END'",
    )
    .await;
    logs(
        &format!(
            "CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN PERFORM keep(TG_OP); RETURN NEW; END'; {table} log()"
        ),
        "CREATE FUNCTION keep(text) RETURNS void BEGIN ATOMIC \
         INSERT INTO audit_log (what) VALUES ($1); END",
    )
    .await;
}

/// A tenant's rows are changed, and that is logged in `public`.
async fn logs(first: &str, shared: &str) {
    let database = TestDatabase::new().await;
    let log = "CREATE TABLE audit_log (id serial PRIMARY KEY, what text);";
    database.execute(log).await;
    database.execute(shared).await;
    let stream = Stream::new().with(first);
    let tenants = open(&database, &stream).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    let stream = stream.with("INSERT INTO tasks VALUES (1); UPDATE tasks SET id = 2");
    let tenants = open(&database, &stream).await;
    let report = migrate(&tenants).await;
    let acme = outcome(&report, "acme");
    assert_eq!(acme.status, Status::Migrated, "{first}: {acme:?}");
    create(&tenants, &["newer"]).await;
    let count = database.value("SELECT count(*)::text FROM audit_log").await;
    assert_eq!(count, "4", "{first}");
    // That a trigger may does not let a statement.
    let stream = stream.with("UPDATE tasks SET id = 3; DELETE FROM audit_log");
    let report = migrate(&open(&database, &stream).await).await;
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    assert!(matches!(error, Error::ChangedElsewhere { .. }), "{error}");
    let count = database.value("SELECT count(*)::text FROM audit_log").await;
    assert_eq!(count, "4", "{first}");
}

#[tokio::test]
async fn what_the_settings_name_may_be_changed() {
    let database = shared().await;
    let stream = Stream::new().with(OWN).with(
        "INSERT INTO plans VALUES (2, 'pro') ON CONFLICT DO NOTHING; CREATE INDEX ON plans (title)",
    );
    let settings = Settings {
        shared_objects: vec!["plans".to_owned()],
        ..behind()
    };
    let tenants = fixture::open(&database, &stream, settings).await;
    let report = migrate(&tenants).await;
    assert_eq!(
        outcome(&report, "acme").status,
        Status::Migrated,
        "{report:?}"
    );
    let count = database.value("SELECT count(*)::text FROM plans").await;
    assert_eq!(count, "2");
}
