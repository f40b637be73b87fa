//! What a tenant's migration must not change: the objects that all tenants share, behind
//! the tenant's schema in the path.

mod allowed;
mod alone;
mod refused;

use tenant_core::{Error, ExtensionsSchema, Settings, Status, Tenants};
use test_support::TestDatabase;

use crate::fixture::{self, Stream, chain, create, migrate, name, outcome, rollback};

/// What all tenants share, in `public`.
const SHARED: &str = "
    CREATE EXTENSION citext; CREATE EXTENSION hstore;
    CREATE TYPE mood AS ENUM ('calm');
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE DOMAIN anything AS int;
    CREATE SEQUENCE numbers;
    CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 42';
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE PROCEDURE rest() LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE sessions (id int PRIMARY KEY, note text DEFAULT 'x', m mood);
    INSERT INTO sessions VALUES (1, 'one'), (2, 'two');
    CREATE INDEX sessions_note ON sessions (note);
    CREATE TRIGGER watch BEFORE UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION nothing();
    CREATE POLICY all_of_them ON sessions USING (true);
    CREATE RULE quiet AS ON DELETE TO sessions DO ALSO NOTHING;
    CREATE VIEW recent AS SELECT id FROM sessions;
    CREATE MATERIALIZED VIEW summed AS SELECT count(*) FROM sessions;
    CREATE TABLE plans (id int PRIMARY KEY, title text);
    INSERT INTO plans VALUES (1, 'free');
    CREATE TABLE untouched (id int PRIMARY KEY);
    CREATE TABLE events (at int NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
    CREATE TABLE audit_log (id serial PRIMARY KEY, what text);
    CREATE COLLATION plain (LOCALE = 'C');
    CREATE STATISTICS sessions_both ON id, note FROM sessions;";

/// What a tenant has before.
const OWN: &str = "
    CREATE TABLE tasks (id int PRIMARY KEY, title text);
    INSERT INTO tasks VALUES (1, 'write');
    CREATE FUNCTION wipe() RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM sessions; END';
    CREATE FUNCTION wipe_as_owner() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
        AS 'BEGIN TRUNCATE sessions; END';
    CREATE FUNCTION alter_it() RETURNS void LANGUAGE plpgsql
        AS 'BEGIN ALTER TABLE sessions ADD COLUMN extra int; END';
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN INSERT INTO sessions VALUES (NEW.id + 100); RETURN NEW; END';
    CREATE TABLE noted (id int);
    CREATE TRIGGER note AFTER INSERT ON noted FOR EACH ROW EXECUTE FUNCTION note();";

/// All that can be seen of `public`: definitions, rights, comments and rows.
const LOOK: &str = "
    SELECT md5(concat_ws('|',
        (SELECT string_agg(format('%s %s %s %s %s %s %s', oid, relname, relkind, relacl,
             relrowsecurity, relfilenode, reloptions), E'\\n' ORDER BY oid)
         FROM pg_class WHERE relnamespace = 'public'::regnamespace),
        (SELECT string_agg(a::text, E'\\n' ORDER BY attrelid, attnum) FROM pg_attribute a
         JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace),
        (SELECT string_agg(pg_get_constraintdef(oid), E'\\n' ORDER BY oid) FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace),
        (SELECT string_agg(t.oid || tgenabled::text, E'\\n' ORDER BY t.oid) FROM pg_trigger t
         JOIN pg_class c ON c.oid = tgrelid
         WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal),
        (SELECT string_agg(p::text, E'\\n' ORDER BY p.oid) FROM pg_policy p),
        (SELECT string_agg(r.oid::text, E'\\n' ORDER BY r.oid) FROM pg_rewrite r
         JOIN pg_class c ON c.oid = ev_class WHERE relnamespace = 'public'::regnamespace),
        (SELECT string_agg(p::text, E'\\n' ORDER BY p.oid) FROM pg_proc p
         WHERE pronamespace = 'public'::regnamespace),
        (SELECT string_agg(t::text, E'\\n' ORDER BY t.oid) FROM pg_type t
         WHERE typnamespace = 'public'::regnamespace),
        (SELECT string_agg(e::text, E'\\n' ORDER BY oid) FROM pg_enum e),
        (SELECT string_agg(d::text, E'\\n' ORDER BY d) FROM (SELECT objoid::text || description
         FROM pg_description WHERE objoid > 16384) s(d)),
        (SELECT string_agg(i::text, E'\\n' ORDER BY i::text) FROM pg_inherits i),
        (SELECT string_agg(s::text, E'\\n' ORDER BY oid) FROM pg_statistic_ext s),
        (SELECT string_agg(c::text, E'\\n' ORDER BY oid) FROM pg_collation c WHERE oid > 16384),
        (SELECT string_agg(e::text, E'\\n' ORDER BY oid) FROM pg_extension e),
        (SELECT string_agg(d::text, E'\\n' ORDER BY oid) FROM pg_default_acl d),
        (SELECT string_agg(s::text, E'\\n' ORDER BY id) FROM public.sessions s),
        (SELECT string_agg(s::text, E'\\n' ORDER BY id) FROM public.plans s),
        (SELECT string_agg(s::text, E'\\n' ORDER BY at) FROM public.events s),
        (SELECT string_agg(s::text, E'\\n' ORDER BY id) FROM public.audit_log s)))";

/// With `public` behind the tenant's schema.
fn behind() -> Settings {
    Settings {
        extensions: Some(ExtensionsSchema::new("public")),
        ..Settings::default()
    }
}

async fn open(database: &TestDatabase, stream: &Stream) -> Tenants {
    fixture::open(database, stream, behind()).await
}

/// A database with what is shared, and the tenant `acme`.
async fn shared() -> TestDatabase {
    let database = TestDatabase::new().await;
    database.execute(SHARED).await;
    let tenants = open(&database, &Stream::new().with(OWN)).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    database
}

/// What comes of `acme` when `text` is its next migration.
async fn run(database: &TestDatabase, text: &str) -> Result<(), Error> {
    let stream = Stream::new().with(OWN).with(text);
    let report = migrate(&open(database, &stream).await).await;
    let mut outcomes = report.outcomes.into_iter();
    let acme = outcomes.find(|outcome| outcome.name == "acme").unwrap();
    acme.error.map_or(Ok(()), Err)
}

/// The versions of `acme`, and its tables.
async fn own(database: &TestDatabase) -> String {
    database
        .value(
            "SELECT (SELECT string_agg(version, ' ') FROM acme.__diesel_schema_migrations) \
             || (SELECT string_agg(relname || relfilenode, ' ' ORDER BY oid) FROM pg_class \
                 WHERE relnamespace = 'acme'::regnamespace) \
             || (SELECT string_agg(t::text, '') FROM acme.tasks t)",
        )
        .await
}

/// Each of `texts` is refused, says what it would have changed, and changes nothing.
async fn each_is_refused(texts: &[(&str, &str)]) {
    let mut database = shared().await;
    let (mut before, mut own_before) = (database.value(LOOK).await, own(&database).await);
    let mut wrong = Vec::new();
    for (text, changed) in texts {
        let said = match run(&database, text).await {
            Err(Error::ChangedElsewhere { changed: found, .. }) => {
                let is_said = found.iter().any(|one| one == changed);
                (!is_said).then(|| format!("{found:?}, not {changed}"))
            }
            Err(error) => Some(chain(&error)),
            Ok(()) => Some("not refused".to_owned()),
        };
        wrong.extend(said.map(|said| format!("{text}: {said}")));
        let is_as_before =
            database.value(LOOK).await == before && own(&database).await == own_before;
        if !is_as_before {
            wrong.push(format!("{text}: changed"));
            database = shared().await;
            (before, own_before) = (database.value(LOOK).await, own(&database).await);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_error_says_which_migration_and_where() {
    let database = shared().await;
    let stream = Stream::new()
        .with(OWN)
        .with("CREATE TABLE own (id int);")
        .with("-- Clean up.\n\nDROP TABLE IF EXISTS sessions CASCADE;\nCREATE TABLE sessions (id int);")
        .with("SELECT 1;");
    let tenants = open(&database, &stream).await;
    let report = migrate(&tenants).await;
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    let said = chain(error);
    assert!(
        said.starts_with(
            "migration `2026-02-03-000000_step` changed objects outside the schema of tenant \
             `acme`: "
        ),
        "{said}"
    );
    assert!(
        said.contains("(up.sql, line 3; the migration is not recorded as applied)"),
        "{said}"
    );
    let new = tenants.create(&name("newer")).await.unwrap_err();
    assert!(chain(&new).contains("`2026-02-03-000000_step`"), "{new}");
    assert_eq!(database.schemas().await, ["acme"]);
}

#[tokio::test]
async fn the_way_back_and_spares_are_held_to_it_as_well() {
    let database = shared().await;
    let stream = Stream::new()
        .with(OWN)
        .with("CREATE TABLE own (id int)")
        .back("DROP TABLE own; DELETE FROM sessions");
    let tenants = open(&database, &stream).await;
    migrate(&tenants).await;
    let before = database.value(LOOK).await;
    let report = rollback(&tenants).await;
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    assert!(chain(error).contains("(down.sql, line "), "{error}");
    assert_eq!(database.value(LOOK).await, before);

    let stream = Stream::new().with(OWN).with("TRUNCATE plans");
    let tenants = open(&database, &stream).await;
    let filled = tenants.spares().keep(1).await.unwrap();
    assert!(
        format!("{filled:?}").contains("ChangedElsewhere"),
        "{filled:?}"
    );
    assert_eq!(database.value(LOOK).await, before);
}

#[tokio::test]
async fn a_trial_run_refuses_the_same() {
    let database = shared().await;
    let stream = Stream::new().with(OWN).with("TRUNCATE plans");
    let before = database.value(LOOK).await;
    database
        .execute("INSERT INTO acme.__diesel_schema_migrations VALUES ('20260202000000')")
        .await;
    let tenants = open(&database, &stream).await;
    let error = tenants.repair(&name("acme")).await.unwrap_err();
    assert!(matches!(error, Error::ChangedElsewhere { .. }), "{error}");
    let health = tenants.health().await.unwrap();
    assert_ne!(health.as_expected, Some(1), "{health:?}");
    assert_eq!(database.value(LOOK).await, before);
}

#[tokio::test]
async fn outside_a_transaction_names_are_looked_up_before() {
    let database = shared().await;
    let before = database.value(LOOK).await;
    for text in [
        "CREATE INDEX CONCURRENTLY i ON sessions (note)",
        "DROP INDEX CONCURRENTLY sessions_note",
        "ALTER TYPE mood ADD VALUE 'wild'",
        "REINDEX TABLE CONCURRENTLY sessions",
    ] {
        let stream = Stream::new().with(OWN).outside(text);
        let report = migrate(&open(&database, &stream).await).await;
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        let is_refused = matches!(error, Error::ChangedElsewhere { line: Some(1), .. });
        assert!(is_refused, "{text}: {}", chain(error));
        assert_eq!(database.value(LOOK).await, before, "{text}");
    }
    for text in [
        "CREATE INDEX CONCURRENTLY i ON tasks (title)",
        "VACUUM ANALYZE",
        "VACUUM sessions",
    ] {
        let stream = Stream::new().with(OWN).outside(text);
        let tenants = open(&database, &stream).await;
        let report = migrate(&tenants).await;
        assert_eq!(outcome(&report, "acme").status, Status::Migrated, "{text}");
        database
            .execute(
                "DELETE FROM acme.__diesel_schema_migrations WHERE version > '20260201000000'; \
                 UPDATE schema_tracker SET fingerprints = '{}'",
            )
            .await;
    }
}

#[tokio::test]
async fn without_plpgsql_the_same_is_refused() {
    let database = TestDatabase::new().await;
    database
        .execute("DROP EXTENSION plpgsql; CREATE TABLE plans (id int PRIMARY KEY)")
        .await;
    let first = Stream::new().with("CREATE TABLE tasks (id int REFERENCES plans)");
    let tenants = open(&database, &first).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    for text in [
        "INSERT INTO plans VALUES (1)",
        "DROP TABLE plans CASCADE",
        "CREATE INDEX ON plans (id)",
    ] {
        let stream = Stream::new()
            .with("CREATE TABLE tasks (id int REFERENCES plans)")
            .with(text);
        let report = migrate(&open(&database, &stream).await).await;
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        assert!(
            matches!(error, Error::ChangedElsewhere { .. }),
            "{text}: {}",
            chain(error)
        );
    }
    let stream = first.with("INSERT INTO public.plans VALUES (1); ALTER TABLE tasks ADD a int");
    let report = migrate(&open(&database, &stream).await).await;
    assert_eq!(
        outcome(&report, "acme").status,
        Status::Migrated,
        "{report:?}"
    );
}
