//! What is refused, statement by statement.

use super::each_is_refused;

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
