//! A migration that breaks what uses its tables is not written without being asked for,
//! and what was not tried is said.

use std::fs;

use authoring_commands::Stream;
use test_support::eventually;

use crate::support::Site;

const FILE: &str = "crates/schema-tenant/src/schema.rs";

/// A trigger whose function names the column that is renamed.
const TASKS: &str = "
CREATE TABLE tasks (id INT PRIMARY KEY, title TEXT NOT NULL);
CREATE FUNCTION check_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.title = '' THEN
        RAISE EXCEPTION 'no title';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER checked BEFORE INSERT OR UPDATE ON tasks
    FOR EACH ROW EXECUTE FUNCTION check_title();
";

const HEADING: &str = "diesel::table! { tasks (id) { id -> Int4, heading -> Text, } }";

const RENAME: &str = "generate-migration --stream tenant --rename tasks.title:heading";

/// A project with one migration of the tenants, and an edited file.
async fn project(migration: &str, file: &str) -> Site {
    let site = Site::new().await;
    fs::remove_dir_all(site.folder.path().join("migrations/tenant")).unwrap();
    site.migration(Stream::Tenant, "2026-01-01-000000_start", migration);
    site.folder.file(FILE, file);
    site
}

/// The folders of the tenants' migrations, oldest first.
fn migrations(site: &Site) -> Vec<std::path::PathBuf> {
    let folder = site.folder.path().join("migrations/tenant");
    let entries = fs::read_dir(folder).unwrap();
    let mut folders = entries
        .map(|entry| entry.unwrap().path())
        .collect::<Vec<_>>();
    folders.sort();
    folders
}

#[tokio::test]
async fn a_migration_that_breaks_a_trigger_is_not_written_and_the_function_is_named() {
    let site = project(TASKS, HEADING).await;
    let refused = site.run(RENAME).exits_with(1).prints_nothing();
    refused
        .says("would break existing uses of its tables, so it was not written")
        .says("INSERT, UPDATE on table `tasks`: record \"new\" has no field \"title\" (SQLSTATE 42703), \
               in PL/pgSQL function check_title() line 3 at IF")
        .says("function `check_title()` names `title` of `tasks`, which is renamed to `heading`, in \
               line 3 of its body: `IF NEW.title = '' THEN`")
        .says("--write-unproven");
    let error = site.run(&format!("{RENAME} --json")).exits_with(1);
    assert!(error.error_message().contains("was not written"), "{error}");
    assert_eq!(migrations(&site).len(), 1);
    assert_eq!(site.databases().await, [""; 0]);
}

#[tokio::test]
async fn it_is_written_where_that_is_asked_for_and_is_not_called_proven() {
    let site = project(TASKS, HEADING).await;
    let shown = site
        .run(&format!("{RENAME} --write-unproven --dry-run --json"))
        .succeeds()
        .json();
    let stream = &shown["streams"][0];
    assert_eq!(stream["proven"], false, "{shown}");
    assert_eq!(stream["broken"].as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(stream["warnings"].as_array().unwrap().len(), 1, "{shown}");
    let done = site.run(&format!("{RENAME} --write-unproven")).succeeds();
    let done = done
        .prints(
            "After up.sql, these uses fail in the scratch database:\n  INSERT, UPDATE on \
                 table `tasks`",
        )
        .says("warning: function `check_title()` names")
        .says(
            "hint: Check each function. If it must change, add its new definition to \
                 up.sql",
        )
        .says("Complete up.sql and down.sql and update the row types");
    assert!(!done.stdout.contains("Tested in"), "{done}");
    // With the function in it the migration works, and nothing more is to be done.
    let folder = migrations(&site).pop().unwrap();
    let start = TASKS.find("CREATE FUNCTION").unwrap();
    let end = TASKS.find("CREATE TRIGGER").unwrap();
    let function = TASKS[start..end].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION");
    let up = fs::read_to_string(folder.join("up.sql")).unwrap();
    let up = format!("{up}{}", function.replace("NEW.title", "NEW.heading"));
    fs::write(folder.join("up.sql"), up).unwrap();
    let again = site
        .run("generate-migration --stream tenant --json")
        .succeeds()
        .json();
    assert_eq!(again["streams"][0]["changed"], false, "{again}");
    assert!(again["streams"][0]["proven"].is_null(), "{again}");
}

#[tokio::test]
async fn what_was_not_tried_and_what_no_row_reaches_is_said_beside_the_proof() {
    let migration = "
        CREATE TABLE tasks (id INT PRIMARY KEY, title TEXT NOT NULL);
        CREATE TABLE odd (id INT PRIMARY KEY, sum TEXT NOT NULL CHECK (md5(sum) = 'x'));
        CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE DEBUG '%', to_jsonb(NEW) ->> 'title'; RETURN NULL; END $$;
        CREATE TRIGGER logged AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION log();";
    let file = format!("{HEADING} diesel::table! {{ odd (id) {{ id -> Int4, sum -> Text, }} }}");
    let site = project(migration, &file).await;
    let done = site.run(RENAME).succeeds();
    done.prints("Tested in a scratch database: up, down and up again with 3 sample rows and 1 \
                 used table.\n")
        .says("warning: function `log()` names `title` of `tasks`")
        .says("note: not tested: INSERT on table `odd`: new row for relation \"odd\" violates check constraint");
    assert_eq!(migrations(&site).len(), 2);
}

#[tokio::test]
async fn what_fails_in_a_public_function_is_told_in_the_names_of_the_database() {
    let site = project("CREATE TABLE tasks (id INT PRIMARY KEY, title TEXT NOT NULL);
        CREATE TRIGGER checked BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION public.shared();", HEADING).await;
    let function = "CREATE FUNCTION public.shared() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.title := trim(NEW.title); RETURN NEW; END $$;";
    site.migration(Stream::Public, "2999-01-01-000000_shared", function);
    let refused = site.run(RENAME).exits_with(1);
    let refused = refused
        .says("PL/pgSQL function public.shared() line 1")
        .says("function `public.shared()` names `title`");
    assert!(!refused.stderr.contains("aside"), "{refused}");
}

#[tokio::test]
async fn the_lint_is_silent_about_what_was_generated() {
    let before = "
        CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE TABLE lists (id INT PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE gone (id INT PRIMARY KEY);
        CREATE TABLE tasks (id INT PRIMARY KEY, list_id INT NOT NULL REFERENCES lists, title TEXT NOT NULL,
                            points TEXT NOT NULL, mood mood, note TEXT, old TEXT);
        CREATE INDEX tasks_by_title ON tasks (title);
        CREATE VIEW scored AS SELECT id, points FROM tasks;";
    let file = "
        diesel::table! { boxes (id) { id -> Int8, name -> Text, task_id -> Nullable<Int4>, } }
        diesel::table! { folders (id) { id -> Int4, name -> Text, } }
        diesel::table! { tasks (id) { id -> Int4, folder_id -> Int4, heading -> Text, points -> Int4,
                                      note -> Text, due -> Timestamptz, } }
        diesel::joinable!(boxes -> tasks (task_id));
        diesel::joinable!(tasks -> folders (folder_id));";
    let site = project(before, file).await;
    let line = "generate-migration --stream tenant --allow-drop --rename lists:folders \
                --rename tasks.list_id:folder_id --rename tasks.title:heading \
                --using tasks.points=points::INTEGER";
    let command =
        site.command(line)
            .args(["--default", "tasks.note=''", "--default", "tasks.due=now()"]);
    command.run().succeeds();
    let name = migrations(&site).pop().unwrap();
    let name = name.file_name().unwrap().to_str().unwrap().to_owned();
    let linted = site.run("lint-migrations --stream tenant");
    assert!(!linted.stdout.contains(&name), "{linted}");
}

#[tokio::test]
async fn ctrl_c_while_the_tables_are_used_leaves_neither_a_file_nor_a_database() {
    let slow = "
        CREATE TABLE tasks (id INT PRIMARY KEY, title TEXT NOT NULL);
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(60); RETURN OLD; END $$;
        CREATE TRIGGER waits BEFORE DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION wait();";
    let site = project(slow, HEADING).await;
    let running = site.command(RENAME).start();
    let sleeps = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND wait_event = 'PgSleep'",
        site.role.name()
    );
    eventually("a row is deleted", async || {
        site.database.value(&sleeps).await == "1"
    })
    .await;
    running.interrupt();
    running.finish().exits_with(130);
    assert_eq!(migrations(&site).len(), 1);
    assert_eq!(site.databases().await, [""; 0]);
}
