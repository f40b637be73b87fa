//! Migrations that leave something behind, and those after them that would trip over it.

/// Migrations in their order; others may come between them.
pub(super) type Topic = Vec<String>;

/// All of them. `app` is a role that the one who migrates may become.
pub(super) fn topics(app: &str) -> Vec<Topic> {
    let fixed = FIXED.iter();
    let mut topics = fixed
        .map(|steps| steps.iter().map(|step| (*step).to_owned()).collect())
        .collect::<Vec<Topic>>();
    topics.push(vec![
        format!(
            "CREATE TABLE shared (id int); \
             DO $$ BEGIN EXECUTE format('GRANT ALL ON SCHEMA %I TO {app}', current_schema()); \
             EXECUTE format('GRANT ALL ON ALL TABLES IN SCHEMA %I TO {app}', current_schema()); \
             END $$"
        ),
        format!("SET LOCAL ROLE {app}; CREATE TABLE apps (id int); INSERT INTO shared VALUES (1)"),
        "ALTER TABLE shared ADD COLUMN note text; CREATE TABLE not_apps (id int)".to_owned(),
        format!(
            "SELECT set_config('role', '{app}', true); CREATE TABLE apps_too (id int); \
             INSERT INTO shared VALUES (2)"
        ),
        "CREATE TABLE not_apps_either (id int)".to_owned(),
    ]);
    topics
}

const FIXED: [&[&str]; 18] = [
    // Times and zones.
    &[
        "CREATE TABLE zoned (id int, at timestamp); \
         INSERT INTO zoned VALUES (1, '2026-07-01 12:00'), (2, '2026-01-15 08:30')",
        "ALTER TABLE zoned ALTER COLUMN at TYPE timestamptz",
        "INSERT INTO zoned VALUES (3, '2026-12-24 18:00'); \
         ALTER TABLE zoned ALTER COLUMN at SET DEFAULT '2026-10-25 02:30'; \
         INSERT INTO zoned (id) VALUES (4)",
        "CREATE TABLE quarters (at timestamptz) PARTITION BY RANGE (at); \
         CREATE TABLE third PARTITION OF quarters FOR VALUES FROM ('2026-07-01') TO ('2026-10-01'); \
         INSERT INTO quarters VALUES ('2026-07-01 00:30')",
        "ALTER TABLE zoned ADD COLUMN day date; UPDATE zoned SET day = at::date; \
         ALTER TABLE zoned ADD CHECK (at > '2025-01-01')",
    ],
    // Dates and intervals as somebody writes them.
    &[
        "CREATE TABLE styled (d date, i interval, t text)",
        "INSERT INTO styled VALUES ('01.02.2026', '-1 2:03', '2026-02-01'::date::text)",
        "SET datestyle = 'SQL, MDY'; INSERT INTO styled VALUES ('03/04/2026', '1 day', 'mdy')",
        "INSERT INTO styled VALUES ('05/06/2026', '2 days', interval '-1 day +2 hours')",
    ],
    // Settings of one that would stop another.
    &[
        "SET statement_timeout = '1h'; CREATE TABLE limits (id int, v text)",
        "INSERT INTO limits VALUES (1, current_setting('statement_timeout'))",
        "SET LOCAL lock_timeout = '1h'; SET LOCAL idle_in_transaction_session_timeout = '1h'",
        "INSERT INTO limits VALUES (2, current_setting('idle_in_transaction_session_timeout'))",
        "SELECT set_config('statement_timeout', '1h', true), set_config('work_mem', '1MB', false)",
        "INSERT INTO limits VALUES (3, current_setting('statement_timeout')), \
         (4, current_setting('work_mem'))",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "INSERT INTO limits VALUES (5, current_setting('transaction_read_only'))",
    ],
    // Settings that change what others mean.
    &[
        "CREATE TABLE meant (id int, v text); SET timezone = 'Asia/Tokyo'; \
         INSERT INTO meant VALUES (1, '2026-07-01 00:00'::timestamptz::text)",
        "INSERT INTO meant SELECT 2, timestamptz '2026-07-01 00:00' AT TIME ZONE 'UTC'",
        "SET check_function_bodies = off; \
         CREATE FUNCTION early() RETURNS int LANGUAGE sql AS 'SELECT id FROM later'",
        "CREATE TABLE later (id int); INSERT INTO meant VALUES (3, coalesce(early()::text, 'none'))",
        "SET extra_float_digits = -10; INSERT INTO meant VALUES (4, (0.1::float8 + 0.2)::text)",
        "INSERT INTO meant VALUES (5, (0.1::float8 + 0.2)::text)",
        "SET bytea_output = 'escape'; INSERT INTO meant VALUES (6, '\\x6162'::bytea::text)",
        "INSERT INTO meant VALUES (7, '\\x6162'::bytea::text)",
    ],
    // Checks that are put off.
    &[
        "CREATE TABLE parents (id int PRIMARY KEY); \
         CREATE TABLE children (id int, p int REFERENCES parents DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO children VALUES (1, 1); INSERT INTO parents VALUES (1)",
        "ALTER TABLE children ADD COLUMN note text; ALTER TABLE parents ADD COLUMN x int",
        "SET CONSTRAINTS ALL IMMEDIATE; INSERT INTO parents VALUES (2); \
         INSERT INTO children VALUES (2, 2)",
        "INSERT INTO children VALUES (3, 3); INSERT INTO parents VALUES (3)",
        "DROP TABLE children",
    ],
    &[
        "CREATE TABLE swapped (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO swapped VALUES (1), (2); UPDATE swapped SET id = 3 - id",
        "ALTER TABLE swapped ADD COLUMN x int DEFAULT 1",
        "SET CONSTRAINTS ALL DEFERRED; UPDATE swapped SET x = 2",
        "INSERT INTO swapped VALUES (2); DELETE FROM swapped WHERE x = 2 AND id = 2",
    ],
    &[
        "CREATE TABLE notes (v text); CREATE TABLE noted (id int); \
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         INSERT INTO notes SELECT 'row ' || NEW.id || ' of ' || count(*) FROM noted; \
         RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER note AFTER INSERT ON noted DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION note()",
        "INSERT INTO noted VALUES (1); INSERT INTO noted VALUES (2)",
        "INSERT INTO notes SELECT count(*)::text FROM notes; ALTER TABLE noted ADD COLUMN x int",
        "INSERT INTO noted VALUES (3)",
    ],
    // Temporary things.
    &[
        "CREATE TEMP TABLE scratch (id int); INSERT INTO scratch VALUES (1); \
         CREATE TABLE kept AS SELECT * FROM scratch",
        "CREATE TABLE scratch (id int, title text); INSERT INTO scratch VALUES (1, 'x')",
        "CREATE TEMP VIEW looked AS SELECT 1 AS one; CREATE TABLE seen AS SELECT * FROM looked",
        "CREATE VIEW looked AS SELECT 2 AS two; INSERT INTO seen SELECT * FROM looked",
        "CREATE FUNCTION pg_temp.one() RETURNS int LANGUAGE sql AS 'SELECT 1'; \
         INSERT INTO seen SELECT pg_temp.one()",
        "CREATE TEMP TABLE once (id int) ON COMMIT DROP; INSERT INTO once VALUES (7); \
         INSERT INTO seen SELECT * FROM once",
        "CREATE TEMP TABLE once (id int); INSERT INTO once VALUES (8); \
         INSERT INTO seen SELECT * FROM once",
    ],
    // Cursors, prepared statements, listening, locks of the session.
    &[
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1; CREATE TABLE cursed (id int)",
        "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM cursed; FETCH c",
        "ALTER TABLE cursed ADD COLUMN x int",
        "PREPARE p AS INSERT INTO cursed VALUES (1, 1); EXECUTE p",
        "PREPARE p AS INSERT INTO cursed VALUES (2, 2); EXECUTE p",
        "LISTEN cursed; NOTIFY cursed; SELECT pg_advisory_lock(20260101)",
        "SELECT pg_advisory_lock(20260101), pg_advisory_unlock(20260101)",
    ],
    // Savepoints.
    &[
        "SAVEPOINT a; CREATE TABLE saved (id int)",
        "SAVEPOINT a; INSERT INTO saved VALUES (1); ROLLBACK TO SAVEPOINT a; \
         INSERT INTO saved VALUES (2)",
        "SAVEPOINT a; INSERT INTO saved VALUES (3); RELEASE a; SAVEPOINT b",
        "INSERT INTO saved VALUES (4)",
    ],
    // Enums.
    &[
        "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE moods (m mood)",
        "ALTER TYPE mood ADD VALUE 'calm'",
        "INSERT INTO moods VALUES ('calm')",
        "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'glad' BEFORE 'calm'",
        "ALTER TABLE moods ALTER COLUMN m SET DEFAULT 'glad'; INSERT INTO moods DEFAULT VALUES",
    ],
    // Constraints in two steps.
    &[
        "CREATE TABLE checked (id int PRIMARY KEY, a int, p int); \
         INSERT INTO checked VALUES (1, 1, 1)",
        "ALTER TABLE checked ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
        "ALTER TABLE checked VALIDATE CONSTRAINT positive",
        "ALTER TABLE checked ADD CONSTRAINT own FOREIGN KEY (p) REFERENCES checked NOT VALID; \
         INSERT INTO checked VALUES (2, 2, 1)",
        "ALTER TABLE checked VALIDATE CONSTRAINT own; ALTER TABLE checked ALTER a SET NOT NULL",
    ],
    // Functions and triggers.
    &[
        "CREATE TABLE touched (id int, at int NOT NULL DEFAULT 0); \
         CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         NEW.at := NEW.at + 1; RETURN NEW; END $$; \
         CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON touched FOR EACH ROW \
         EXECUTE FUNCTION touch()",
        "INSERT INTO touched (id) VALUES (1), (2); UPDATE touched SET id = id + 10 WHERE id = 1",
        "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM set_config('statement_timeout', '1h', false); \
         NEW.at := NEW.at + 100; RETURN NEW; END $$; UPDATE touched SET id = id",
        "ALTER TABLE touched ADD COLUMN v text; \
         INSERT INTO touched (id, v) VALUES (99, current_setting('statement_timeout'))",
        "DROP TRIGGER touch ON touched; UPDATE touched SET id = id + 1",
    ],
    // Sequences, and what a session knows of them.
    &[
        "CREATE TABLE numbered (id serial, v text); INSERT INTO numbered (v) VALUES ('a')",
        "DO $$ BEGIN PERFORM currval('numbered_id_seq'); \
         INSERT INTO numbered (v) VALUES ('known'); \
         EXCEPTION WHEN object_not_in_prerequisite_state THEN \
         INSERT INTO numbered (v) VALUES ('fresh'); END $$",
        "SELECT setval('numbered_id_seq', 10); INSERT INTO numbered (v) VALUES ('b')",
        "ALTER TABLE numbered ADD COLUMN w int GENERATED ALWAYS AS IDENTITY",
    ],
    // Views, domains, and things that stand on others.
    &[
        "CREATE DOMAIN positive_int AS int CHECK (VALUE > 0); \
         CREATE TABLE counted (n positive_int)",
        "CREATE VIEW doubled AS SELECT n * 2 AS n FROM counted; INSERT INTO counted VALUES (1)",
        "CREATE MATERIALIZED VIEW cached AS SELECT * FROM doubled",
        "INSERT INTO counted VALUES (2); REFRESH MATERIALIZED VIEW cached; \
         CREATE TABLE copied AS TABLE cached",
        "CREATE RULE nothing AS ON DELETE TO counted DO INSTEAD NOTHING; DELETE FROM counted",
    ],
    // Blocks that do several things.
    &[
        "DO $$ BEGIN FOR n IN 1..3 LOOP EXECUTE format('CREATE TABLE made_%s (id int)', n); \
         END LOOP; SET LOCAL datestyle = 'SQL, DMY'; END $$",
        "INSERT INTO made_1 VALUES (1); CREATE TABLE dated AS SELECT '02/01/2026'::date AS d",
        "DO $$ BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN \
         INSERT INTO made_2 VALUES (2); END $$",
    ],
    // Null, in the way that a setting can make it mean something else.
    &[
        "CREATE TABLE nulls (a int); INSERT INTO nulls VALUES (1), (NULL)",
        "CREATE TABLE found AS SELECT count(*) AS n FROM nulls WHERE a = NULL",
    ],
    // Row-level security that does not hide anything from the owner.
    &[
        "CREATE TABLE guarded (id int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; \
         CREATE POLICY none ON guarded USING (false); INSERT INTO guarded VALUES (1), (2)",
        "UPDATE guarded SET id = id + 1",
    ],
];
