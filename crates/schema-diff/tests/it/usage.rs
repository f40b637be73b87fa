//! A migration that applies may still break what uses the tables afterwards.

mod cases;
mod rows;

use schema_diff::{Proof, stale_functions};

use crate::fixture::{Fixture, answers};

/// What the proof says of the way from `before` to `file`, and which functions name what
/// changes.
async fn proven(before: &str, file: &str, options: &[&str]) -> (Proof, Vec<String>) {
    let mut fixture = Fixture::new(before).await;
    let plan = fixture.plan(file, &answers(options)).await;
    let plan = plan.unwrap_or_else(|error| panic!("{error:#?}"));
    let catalog = fixture.catalog().await;
    let stale = stale_functions(&fixture.client, &catalog, &plan).await;
    let proof = fixture.prove(file, &plan).await;
    let proof = proof.unwrap_or_else(|error| panic!("{error}\n{}", plan.up()));
    (proof, stale.unwrap())
}

/// Whether one of the lines has all these parts.
fn has(lines: &[String], parts: &[&str]) -> bool {
    let mut lines = lines.iter();
    lines.any(|line| parts.iter().all(|part| line.contains(part)))
}

/// The table of most cases, with a column that is renamed or dropped.
const TASKS: &str = "CREATE TABLE tasks (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                                         title TEXT NOT NULL);";

const HEADING: &str = "diesel::table! { tasks (id) { id -> Int4, heading -> Text, } }";

/// A rename of the column: what fails afterwards, with the function and its line.
async fn broken_by_rename(more: &str, file: &str) -> (Proof, Vec<String>) {
    let before = format!("{TASKS} {more}");
    let file = format!("{HEADING} {file}");
    proven(&before, &file, &["--rename tasks.title:heading"]).await
}

#[tokio::test]
async fn a_trigger_that_uses_a_renamed_column_is_found_by_the_rows_that_fire_it() {
    let trigger = "
        CREATE FUNCTION check_title() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.title = '' THEN RAISE EXCEPTION 'no title'; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER checked BEFORE INSERT OR UPDATE ON tasks
            FOR EACH ROW EXECUTE FUNCTION check_title();";
    let (proof, stale) = broken_by_rename(trigger, "").await;
    assert_eq!(
        proof.broken,
        [
            "INSERT, UPDATE on table `tasks`: record \"new\" has no field \"title\" (SQLSTATE 42703), in \
          PL/pgSQL function check_title() line 3 at IF"
        ]
    );
    assert_eq!(
        stale,
        [
            "function `check_title()` names `title` of `tasks`, which is renamed to `heading`, in \
          line 3 of its body: `IF NEW.title = '' THEN RAISE EXCEPTION 'no title'; END IF;`"
        ]
    );
}

#[tokio::test]
async fn whatever_names_a_renamed_column_in_a_text_is_found_when_it_is_used() {
    for case in cases::RENAMES {
        let columns = format!("heading -> Text, {}", case.columns);
        let tasks = HEADING.replace("heading -> Text,", &columns);
        let file = format!("{tasks} {}", case.file);
        let before = format!("{TASKS} {}", case.more);
        let (proof, stale) = proven(&before, &file, &["--rename tasks.title:heading"]).await;
        assert!(has(&proof.broken, case.broken), "{} {proof:#?}", case.more);
        assert_eq!(stale.len(), 1, "{stale:#?}");
    }
}

#[tokio::test]
async fn what_goes_by_an_old_name_is_found_for_tables_and_types_too() {
    // A renamed table, in the function of another table's trigger, with a row of it.
    let before = "
        CREATE TABLE log (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what TEXT UNIQUE);
        CREATE TABLE tasks (id INT PRIMARY KEY, title TEXT);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE one log%ROWTYPE;
        BEGIN
            INSERT INTO log (what) VALUES (NEW.title) ON CONFLICT (what) DO NOTHING;
            RETURN NEW;
        END $$;
        CREATE TRIGGER noted AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note();";
    let tasks = "diesel::table! { tasks (id) { id -> Int4, title -> Nullable<Text>, } }";
    let renamed = "diesel::table! { logs (id) { id -> Int4, what -> Nullable<Text>, } }";
    let (proof, stale) = proven(
        before,
        &format!("{tasks} {renamed}"),
        &["--rename log:logs"],
    )
    .await;
    let compiled = [
        "CREATE OR REPLACE on function `note()`",
        "relation \"log\" does not exist",
    ];
    assert!(has(&proof.broken, &compiled), "{proof:#?}");
    assert!(
        has(&proof.broken, &["INSERT on table `tasks`"]),
        "{proof:#?}"
    );
    assert!(
        has(
            &stale,
            &[
                "table `log`, which is renamed to `logs`, in line 2",
                "and below"
            ]
        ),
        "{stale:#?}"
    );
    // The target of ON CONFLICT, where the column has another name.
    let column = "diesel::table! { log (id) { id -> Int4, text -> Nullable<Text>, } }";
    let (proof, _) = proven(
        before,
        &format!("{tasks} {column}"),
        &["--rename log.what:text"],
    )
    .await;
    assert!(
        has(
            &proof.broken,
            &[
                "INSERT on table `tasks`",
                "column \"what\" of relation \"log\""
            ]
        ),
        "{proof:#?}"
    );
    // The table goes.
    let (proof, stale) = proven(before, tasks, &["--allow-drop"]).await;
    assert!(
        has(&proof.broken, &["INSERT on table `tasks`"]),
        "{proof:#?}"
    );
    assert!(
        has(&stale, &["table `log`, which is dropped"]),
        "{stale:#?}"
    );
    // The type goes with its last column.
    let before = "
        CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE TABLE tasks (id INT PRIMARY KEY, title TEXT, mood mood);
        CREATE FUNCTION feel() RETURNS trigger LANGUAGE plpgsql AS
            $$ DECLARE now mood := 'good'; BEGIN RETURN NEW; END $$;
        CREATE TRIGGER felt BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION feel();";
    let (proof, stale) = proven(before, tasks, &["--allow-drop"]).await;
    assert!(
        has(
            &proof.broken,
            &[
                "CREATE OR REPLACE on function `feel()`",
                "type \"mood\" does not exist"
            ]
        ),
        "{proof:#?}"
    );
    assert!(
        has(&stale, &["the type `mood`, which is dropped, in line 1"]),
        "{stale:#?}"
    );
}

#[tokio::test]
async fn a_dropped_column_that_a_trigger_sets_is_found() {
    let more = "
        CREATE FUNCTION slug() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            NEW.slug := lower(NEW.title);
            RETURN NEW;
        END $$;
        ALTER TABLE tasks ADD COLUMN slug TEXT NOT NULL;
        CREATE TRIGGER slugged BEFORE INSERT OR UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION slug();";
    let file = "diesel::table! { tasks (id) { id -> Int4, title -> Text, } }";
    let (proof, stale) = proven(&format!("{TASKS} {more}"), file, &["--allow-drop"]).await;
    assert!(
        has(
            &proof.broken,
            &["INSERT, UPDATE on table `tasks`", "has no field \"slug\""]
        ),
        "{proof:#?}"
    );
    assert!(
        has(&stale, &["`slug` of `tasks`, which is dropped, in line 2"]),
        "{stale:#?}"
    );
    // A column without NULL that the trigger fills is no break.
    let file = "diesel::table! { tasks (id) { id -> Int4, title -> Text, slug -> Text, more -> Nullable<Text>, } }";
    let (proof, stale) = proven(&format!("{TASKS} {more}"), file, &[]).await;
    assert_eq!(
        (proof.broken.len(), proof.not_tried.len(), stale.len()),
        (0, 0, 0),
        "{proof:#?}"
    );
    assert_eq!(proof.tables, 1);
}

#[tokio::test]
async fn a_column_that_takes_no_null_any_more_is_missed_where_a_trigger_does_not_set_it() {
    let before = "
        CREATE TABLE log (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what TEXT, who TEXT);
        CREATE TABLE tasks (id INT PRIMARY KEY, title TEXT);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO log (what) VALUES (NEW.title); RETURN NULL; END $$;
        CREATE TRIGGER noted AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note();";
    let file = "diesel::table! { log (id) { id -> Int4, what -> Nullable<Text>, who -> Text, } }
                diesel::table! { tasks (id) { id -> Int4, title -> Nullable<Text>, } }";
    let (proof, _) = proven(before, file, &["--default log.who='nobody'"]).await;
    let parts = [
        "INSERT on table `tasks`",
        "null value in column \"who\"",
        "function note()",
    ];
    assert!(has(&proof.broken, &parts), "{proof:#?}");
}

#[tokio::test]
async fn another_type_is_found_where_a_function_compares_and_where_a_session_stays_open() {
    let before = |value: &str| {
        format!(
            "
        CREATE TABLE tasks (id INT PRIMARY KEY, points TEXT NOT NULL);
        CREATE FUNCTION grade() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.points = {value} THEN RETURN NULL; END IF; RETURN NEW; END $$;
        CREATE TRIGGER graded BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION grade();"
        )
    };
    let file = "diesel::table! { tasks (id) { id -> Int4, points -> Int4, } }";
    let using = ["--using tasks.points=points::INTEGER"];
    let (proof, stale) = proven(&before("'low'"), file, &using).await;
    let parts = [
        "INSERT on table `tasks`",
        "invalid input syntax for type integer: \"low\"",
        "grade()",
    ];
    assert!(has(&proof.broken, &parts), "{proof:#?}");
    assert!(
        has(
            &stale,
            &["uses `points` of `tasks`, which gets another type, in line 1"]
        ),
        "{stale:#?}"
    );
    // A new session does not mind, and an old one has kept the type.
    let (proof, _) = proven(&before("'7'"), file, &using).await;
    assert_eq!(proof.broken, [""; 0]);
    let parts =
        ["a session that wrote before the migration must reconnect: INSERT on table `tasks`"];
    assert!(has(&proof.notes, &parts), "{proof:#?}");
}

#[tokio::test]
async fn a_function_that_fails_before_the_migration_as_well_is_not_the_migrations_fault() {
    let more = "
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM missing FROM nowhere; RETURN NEW; END $$;
        CREATE TRIGGER failed BEFORE DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION fail();";
    let (proof, stale) = broken_by_rename(more, "").await;
    assert_eq!((proof.broken.len(), stale.len()), (0, 0), "{proof:#?}");
    let parts = [
        "DELETE on table `tasks` also fails before the migration",
        "nowhere",
        "fail()",
    ];
    assert!(has(&proof.not_tried, &parts), "{proof:#?}");
}

#[tokio::test]
async fn a_name_that_no_row_reaches_is_reported_all_the_same() {
    let more = "
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            -- The title is not kept.
            INSERT INTO log (was) VALUES (to_jsonb(NEW) ->> 'title');
            IF length(NEW::text) > 1000 THEN
                RAISE EXCEPTION 'the title is too long: %', NEW.title;
            END IF;
            RETURN NULL;
        END $$;
        CREATE TABLE log (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, was TEXT);
        CREATE TABLE users (id INT PRIMARY KEY, title TEXT);
        CREATE FUNCTION others() RETURNS text LANGUAGE sql AS
            'SELECT u.title FROM users u' ;
        CREATE TRIGGER kept AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION keep();";
    let file = "diesel::table! { log (id) { id -> Int4, was -> Nullable<Text>, } }
                diesel::table! { users (id) { id -> Int4, title -> Nullable<Text>, } }";
    let (proof, stale) = broken_by_rename(more, file).await;
    assert_eq!(proof.broken, [""; 0]);
    assert_eq!(
        stale,
        [
            "function `keep()` names `title` of `tasks`, which is renamed to `heading`, in line 4 of \
          its body and below: `INSERT INTO log (was) VALUES (to_jsonb(NEW) ->> 'title');`"
        ]
    );
}

#[tokio::test]
async fn a_row_that_up_changes_fires_what_names_the_old_column() {
    let before = format!(
        "{TASKS}
        ALTER TABLE tasks ADD COLUMN note TEXT;
        CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM OLD.title; RETURN NEW; END $$;
        CREATE TRIGGER seen BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION seen();"
    );
    let file = "diesel::table! { tasks (id) { id -> Int4, heading -> Text, note -> Text, } }";
    let mut fixture = Fixture::new(&before).await;
    let options = answers(&["--rename tasks.title:heading", "--default tasks.note=''"]);
    let plan = fixture.plan(file, &options).await.unwrap();
    let error = fixture.prove(file, &plan).await.unwrap_err().to_string();
    let start = "up.sql fails on tables with rows: `UPDATE tasks SET note = ''";
    assert!(error.starts_with(start), "{error}");
}
