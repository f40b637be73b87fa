//! What a tenant's migration must not change: the objects that all tenants share, behind
//! the tenant's schema in the path.

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

const ROWS: &str = "rows of table public.sessions";
const TABLE: &str = "table public.sessions";

#[tokio::test]
async fn rows_of_shared_tables_stay_as_they_are() {
    each_is_refused(&[
        ("INSERT INTO sessions VALUES (3)", ROWS),
        ("UPDATE sessions SET note = 'mine' WHERE id = 1", ROWS),
        ("DELETE FROM sessions", ROWS),
        ("TRUNCATE sessions", TABLE),
        ("COPY sessions (id) FROM PROGRAM 'echo 77'", ROWS),
        (
            "MERGE INTO plans p USING tasks t ON p.id = t.id WHEN MATCHED THEN DELETE",
            "rows of table public.plans",
        ),
        ("INSERT INTO recent VALUES (9)", ROWS),
        ("INSERT INTO events VALUES (1)", "rows of table public.events_1"),
        ("TRUNCATE events", "table public.events_1"),
        ("REFRESH MATERIALIZED VIEW summed", "materialized view public.summed"),
        ("WITH gone AS (DELETE FROM sessions RETURNING id) UPDATE tasks SET title = 'x'", ROWS),
        ("SELECT * FROM sessions; PREPARE p AS DELETE FROM sessions; EXECUTE p", ROWS),
        ("DO $$ BEGIN DELETE FROM sessions; END $$", ROWS),
        ("DO $$ BEGIN EXECUTE 'DELETE FROM ' || 'sess' || 'ions'; END $$", ROWS),
        ("SELECT wipe()", ROWS),
        ("SELECT wipe_as_owner()", TABLE),
        ("INSERT INTO noted VALUES (1)", ROWS),
        ("SAVEPOINT a; DELETE FROM sessions; RELEASE a", ROWS),
        (
            "DO $$ BEGIN BEGIN TRUNCATE sessions; EXCEPTION WHEN division_by_zero THEN NULL; END; END $$",
            TABLE,
        ),
        // Named with its schema, and then by mistake.
        (
            "INSERT INTO public.sessions VALUES (7); DROP TABLE IF EXISTS sessions CASCADE; \
             CREATE TABLE sessions (id int)",
            TABLE,
        ),
        ("SELECT setval('numbers', 1, false)", "rows of sequence public.numbers"),
    ])
    .await;
}

#[tokio::test]
async fn shared_tables_stay_as_they_are() {
    each_is_refused(&[
        (
            "DROP TABLE IF EXISTS sessions CASCADE; CREATE TABLE sessions (id int)",
            TABLE,
        ),
        ("DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'plans'; END $$", "table public.plans"),
        ("ALTER TABLE sessions ADD COLUMN extra int", TABLE),
        ("ALTER TABLE sessions DROP COLUMN m", TABLE),
        ("ALTER TABLE sessions ALTER COLUMN note SET NOT NULL", TABLE),
        ("ALTER TABLE sessions ALTER COLUMN note DROP DEFAULT", TABLE),
        ("ALTER TABLE sessions ALTER COLUMN note TYPE varchar(9)", TABLE),
        ("ALTER TABLE sessions ALTER COLUMN note SET STATISTICS 9", TABLE),
        ("ALTER TABLE sessions RENAME TO old", "table public.old"),
        ("ALTER TABLE sessions RENAME COLUMN note TO n", TABLE),
        ("ALTER TABLE sessions SET SCHEMA acme", TABLE),
        ("ALTER TABLE sessions ADD CHECK (id > 0)", TABLE),
        ("ALTER TABLE sessions DROP CONSTRAINT sessions_pkey", "table constraint sessions_pkey on public.sessions"),
        ("ALTER TABLE sessions ADD FOREIGN KEY (id) REFERENCES plans NOT VALID", TABLE),
        ("ALTER TABLE sessions ENABLE ROW LEVEL SECURITY", TABLE),
        ("ALTER TABLE sessions DISABLE TRIGGER watch", TABLE),
        ("ALTER TABLE sessions DISABLE TRIGGER ALL", TABLE),
        ("ALTER TABLE sessions SET (fillfactor = 50)", TABLE),
        ("ALTER TABLE sessions REPLICA IDENTITY FULL", TABLE),
        ("ALTER TABLE sessions SET UNLOGGED", TABLE),
        ("COMMENT ON TABLE sessions IS 'mine'", TABLE),
        ("COMMENT ON COLUMN sessions.note IS 'mine'", TABLE),
        ("COMMENT ON TRIGGER watch ON sessions IS 'mine'", "trigger watch on public.sessions"),
        ("GRANT SELECT ON sessions TO PUBLIC", TABLE),
        ("GRANT SELECT (note) ON sessions TO PUBLIC", TABLE),
        ("DO $$ BEGIN GRANT SELECT ON sessions TO PUBLIC; END $$", TABLE),
        ("CREATE INDEX ON sessions (id)", TABLE),
        ("DROP INDEX sessions_note", "index public.sessions_note"),
        ("ALTER INDEX sessions_note RENAME TO n", "index public.n"),
        ("CREATE TRIGGER t BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION nothing()", TABLE),
        ("DROP TRIGGER watch ON sessions", "trigger watch on public.sessions"),
        ("CREATE POLICY p ON sessions", TABLE),
        ("ALTER POLICY all_of_them ON sessions USING (false)", TABLE),
        ("DROP POLICY all_of_them ON sessions", "policy all_of_them on public.sessions"),
        ("CREATE RULE r AS ON INSERT TO sessions DO ALSO NOTHING", TABLE),
        ("DROP RULE quiet ON sessions", "rule quiet on public.sessions"),
        ("CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20)", "table public.events"),
        ("CREATE TABLE child () INHERITS (sessions)", TABLE),
        ("ALTER TABLE events DETACH PARTITION events_1", "table public.events_1"),
        ("CREATE STATISTICS s ON id, m FROM sessions", TABLE),
        ("DROP STATISTICS sessions_both", TABLE),
        ("SELECT alter_it()", TABLE),
        ("DO $$ BEGIN BEGIN ALTER TABLE sessions ADD extra int; EXCEPTION WHEN division_by_zero THEN NULL; END; END $$", TABLE),
        ("SAVEPOINT a; GRANT SELECT ON sessions TO PUBLIC; RELEASE a", TABLE),
        ("ANALYZE sessions; COMMENT ON TABLE sessions IS 'mine'", TABLE),
        // The first foreign key writes the table's row as well.
        ("CREATE TABLE refers (id int REFERENCES untouched); DO $$ BEGIN GRANT SELECT ON untouched TO PUBLIC; END $$", "table public.untouched"),
        ("ALTER VIEW recent RENAME TO r", "view public.r"),
        ("DROP VIEW recent", "view public.recent"),
        ("DROP MATERIALIZED VIEW summed", "materialized view public.summed"),
    ])
    .await;
}

#[tokio::test]
async fn shared_types_functions_and_sequences_stay_as_they_are() {
    let function = "function public.answer()";
    each_is_refused(&[
        ("ALTER TYPE mood ADD VALUE 'wild'", "type public.mood"),
        ("ALTER TYPE mood RENAME VALUE 'calm' TO 'still'", "type public.mood"),
        ("ALTER TYPE mood RENAME TO m", "type public.m"),
        ("DROP TYPE mood CASCADE", "type public.mood"),
        ("COMMENT ON TYPE mood IS 'mine'", "type public.mood"),
        ("GRANT USAGE ON TYPE mood TO PUBLIC; REVOKE USAGE ON TYPE mood FROM PUBLIC", "type public.mood"),
        ("ALTER DOMAIN positive ADD CHECK (VALUE < 9)", "type public.positive"),
        ("ALTER DOMAIN anything SET NOT NULL", "type public.anything"),
        ("ALTER DOMAIN positive DROP CONSTRAINT positive_check", "domain constraint positive_check on public.positive"),
        ("DROP DOMAIN positive", "type public.positive"),
        ("ALTER FUNCTION answer() COST 7", function),
        ("ALTER FUNCTION answer() RENAME TO question", "function public.question()"),
        ("ALTER FUNCTION answer() SET work_mem = '1MB'", function),
        ("ALTER ROUTINE answer() SECURITY DEFINER", function),
        ("ALTER PROCEDURE rest() SECURITY DEFINER", "procedure public.rest()"),
        ("GRANT EXECUTE ON FUNCTION answer() TO CURRENT_USER; REVOKE ALL ON FUNCTION answer() FROM PUBLIC", function),
        ("COMMENT ON FUNCTION answer() IS 'mine'", function),
        ("DROP FUNCTION answer()", function),
        ("DO $$ BEGIN ALTER FUNCTION answer() COST 7; END $$", function),
        ("SAVEPOINT a; ALTER FUNCTION answer() COST 7; RELEASE a", function),
        ("ALTER SEQUENCE numbers INCREMENT 5", "sequence public.numbers"),
        ("ALTER SEQUENCE numbers RESTART", "sequence public.numbers"),
        ("DROP SEQUENCE numbers", "sequence public.numbers"),
        ("ALTER COLLATION plain RENAME TO p", "collation public.p"),
        ("DROP COLLATION plain", "collation public.plain"),
    ])
    .await;
}

#[tokio::test]
async fn extensions_and_default_privileges_are_the_databases() {
    each_is_refused(&[
        ("CREATE EXTENSION pgcrypto", "extension pgcrypto"),
        (
            "CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA public",
            "extension pgcrypto",
        ),
        ("DROP EXTENSION hstore", "extension hstore"),
        ("ALTER EXTENSION hstore SET SCHEMA acme", "extension hstore"),
        (
            "DO $$ BEGIN CREATE EXTENSION pgcrypto; END $$",
            "extension pgcrypto",
        ),
        (
            "DO $$ BEGIN ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; END $$",
            "default acl for role postgres on tables",
        ),
    ])
    .await;
}

#[tokio::test]
async fn an_extension_is_made_by_no_tenant_when_the_schema_is_alone_either() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("CREATE TABLE tasks (id int)");
    let tenants = fixture::tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let count = "SELECT count(*)::text FROM pg_extension";
    let before = database.value(count).await;
    for text in [
        "CREATE EXTENSION pgcrypto",
        "CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA public",
        "DO $$ BEGIN CREATE EXTENSION pgcrypto; END $$",
        "SAVEPOINT a; CREATE EXTENSION pgcrypto; RELEASE a",
        "DO $$ BEGIN ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; END $$",
        "DROP EXTENSION plpgsql",
    ] {
        let stream = Stream::new().with("CREATE TABLE tasks (id int)").with(text);
        let tenants = fixture::open(&database, &stream, Settings::default()).await;
        let report = migrate(&tenants).await;
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        let is_refused = matches!(error, Error::ChangedElsewhere { line: Some(1), .. });
        assert!(is_refused, "{text}: {}", chain(error));
        assert_eq!(database.value(count).await, before, "{text}");
        let new = tenants.create(&name("newer")).await.unwrap_err();
        assert!(matches!(new, Error::ChangedElsewhere { .. }), "{text}");
    }
    database.execute("CREATE EXTENSION pgcrypto").await;
    let text = "CREATE EXTENSION IF NOT EXISTS pgcrypto; CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA public";
    let stream = Stream::new().with("CREATE TABLE tasks (id int)").with(text);
    let tenants = fixture::open(&database, &stream, Settings::default()).await;
    let report = migrate(&tenants).await;
    assert_eq!(outcome(&report, "acme").status, Status::Migrated);
    create(&tenants, &["newer"]).await;
}

#[tokio::test]
async fn default_privileges_of_the_database_are_refused_before_anything_runs() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (id int);\nALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    );
    let tenants = fixture::tenants(&database, &stream).await;
    let error = tenants.create(&name("acme")).await.unwrap_err();
    let said = chain(&error);
    assert!(said.contains("line 2: without IN SCHEMA"), "{said}");
}

#[tokio::test]
async fn what_befell_users_of_other_tools_is_refused() {
    each_is_refused(&[
        // A tenant's schema is loaded by dropping each table first.
        (
            "DROP TABLE IF EXISTS plans; CREATE TABLE plans (id int); \
             DROP TABLE IF EXISTS audit_log CASCADE; CREATE TABLE audit_log (id int)",
            "table public.plans",
        ),
        (
            "DROP FUNCTION IF EXISTS answer(); \
             CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 43'",
            "function public.answer()",
        ),
        // The tenant's table is missing, or was recorded without being made.
        (
            "CREATE INDEX plans_title ON plans (title)",
            "table public.plans",
        ),
        (
            "ALTER TABLE plans ADD COLUMN tier int",
            "table public.plans",
        ),
        // Sequences are set anew after rows were loaded.
        (
            "SELECT setval(pg_get_serial_sequence('audit_log', 'id'), 1, false)",
            "rows of sequence public.audit_log_id_seq",
        ),
        // The schema is looked up in the catalog.
        (
            "DO $$ DECLARE s text; BEGIN SELECT schemaname INTO STRICT s FROM pg_tables \
             WHERE tablename = 'plans'; EXECUTE format('DROP TABLE %I.plans', s); END $$",
            "table public.plans",
        ),
        (
            "DO $$ DECLARE t record; BEGIN FOR t IN SELECT c.oid::regclass AS name \
             FROM pg_class c WHERE relkind = 'r' AND pg_table_is_visible(c.oid) \
             AND relname IN ('plans', 'untouched') \
             LOOP EXECUTE 'TRUNCATE ' || t.name; END LOOP; END $$",
            "table public.plans",
        ),
        (
            "ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('calm', 'wild')",
            "type public.mood_old",
        ),
    ])
    .await;
}

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
            "tenant `acme`: migration `2026-02-03-000000_step` changed what is outside the \
             tenant's schema at line 3 of its up.sql, and is not recorded as applied: "
        ),
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
    assert!(chain(error).contains("of its down.sql"), "{error}");
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
            .execute("DELETE FROM acme.__diesel_schema_migrations WHERE version > '20260201000000'")
            .await;
    }
}
