//! Which names texts speak of.

use super::*;

fn read(text: &str) -> Mentions {
    let mut mentions = Mentions::default();
    for statement in sql_text::split(text).statements {
        let statement = text.get(statement.range).unwrap_or_default();
        mentions.read(statement, "public");
    }
    mentions
}

#[test]
fn what_a_statement_changes_without_a_schema_is_loose() {
    for text in [
        "DROP TABLE IF EXISTS sessions",
        "DROP TABLE a, Sessions CASCADE",
        "CREATE TABLE sessions (id int)",
        "INSERT INTO \"sessions\" VALUES (1)",
        "UPDATE ONLY sessions SET a = 1",
        "DELETE FROM sessions",
        "MERGE INTO sessions USING t ON true WHEN MATCHED THEN DELETE",
        "TRUNCATE sessions",
        "DROP TABLE domain, sessions",
        "COPY sessions FROM '/tmp/x'",
        "ALTER TABLE sessions ADD a int",
        "ALTER TYPE sessions ADD VALUE 'a'",
        "CREATE INDEX ON sessions (a)",
        "CREATE TRIGGER t BEFORE INSERT ON sessions EXECUTE FUNCTION f()",
        "COMMENT ON COLUMN sessions.a IS 'x'",
        "CREATE TABLE t PARTITION OF sessions FOR VALUES IN (1)",
        "DO $$ BEGIN DELETE FROM sessions; END $$",
        "DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'sessions'; END $$",
        "DO 'BEGIN TRUNCATE sessions; END'",
        "SELECT setval('sessions', 1)",
    ] {
        let found = read(text);
        assert!(found.loose().any(|name| name == "sessions"), "{text}");
        assert_eq!(found.meant().count(), 0, "{text}");
    }
}

#[test]
fn what_is_named_with_its_schema_is_meant() {
    for text in [
        "INSERT INTO public.sessions VALUES (1)",
        "insert into PUBLIC . \"sessions\" values (1)",
        "UPDATE public.sessions SET a = 1 FROM sessions s WHERE sessions.id = s.id",
        "SELECT setval('public.sessions', 1)",
        "DO $$ BEGIN DELETE FROM public.sessions; END $$",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.sessions VALUES (1); END' SET x = 'execute'",
    ] {
        assert_eq!(
            read(text).meant().collect::<Vec<_>>(),
            ["sessions"],
            "{text}"
        );
    }
}

#[test]
fn what_only_reads_or_is_a_column_is_neither() {
    for text in [
        "CREATE VIEW v AS SELECT * FROM sessions",
        "CREATE TABLE t (sessions int, other text)",
        "INSERT INTO t (a, sessions) VALUES (1, 'sessions')",
        "ALTER TABLE t ALTER COLUMN a TYPE sessions",
        "CREATE TABLE t (a int REFERENCES sessions)",
        "INSERT INTO other.sessions VALUES (1)",
        "-- DROP TABLE sessions\nSELECT 1",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'UPDATE sessions SET a = 1'",
        "CREATE OR REPLACE PROCEDURE f() LANGUAGE sql AS $$ DELETE FROM sessions $$",
    ] {
        let found = read(text);
        assert!(!found.loose().any(|name| name == "sessions"), "{text}");
        assert!(!found.meant().any(|name| name == "sessions"), "{text}");
    }
}

#[test]
fn what_is_referred_to_or_analyzed_is_known() {
    let found = read(
        "CREATE TABLE t (a int REFERENCES plans, b int REFERENCES public.users (id)); \
         ANALYZE plans, sessions; INSERT INTO sessions VALUES (1)",
    );
    assert!(found.has("plans") && found.has("users") && !found.has("t2"));
    assert_eq!(found.only_analyzed().collect::<Vec<_>>(), ["plans"]);
    assert!(!found.analyzes_everything() && read("ANALYZE").analyzes_everything());
    assert_eq!(found.meant().count(), 0);
}

#[test]
fn one_statement_with_the_schema_does_not_speak_for_another() {
    let text = "INSERT INTO public.sessions VALUES (1); DROP TABLE sessions; CREATE TABLE sessions (id int)";
    let found = read(text);
    assert_eq!(found.meant().count(), 0);
    assert_eq!(found.doubtful().collect::<Vec<_>>(), ["sessions"]);
    let late = found.used_before_created().collect::<Vec<_>>();
    assert_eq!(late, ["sessions"]);
    let created = read("CREATE TABLE sessions (id int); CREATE INDEX ON sessions (id)");
    assert_eq!(created.used_before_created().count(), 0);
    assert_eq!(created.not_created().count(), 0);
}
