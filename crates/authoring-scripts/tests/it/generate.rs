//! `generate-migration`: what is written, what is asked, and what is refused.

use std::fs;

use serde_json::{Value, json};
use test_support::{Finished, Terminal};

use crate::support::{PASSWORD, ROOT, Site};

/// The project's own tenant schema, with more columns.
const EDITED: &str = "diesel::table! {
    dummy_table (id) {
        id -> Uuid,
        name -> Text,
        value -> Nullable<Text>,
        created_at -> Nullable<Timestamp>,
        description -> Nullable<Text>,
        title -> Nullable<Text>,
    }
}
";

const FILE: &str = "crates/schema-tenant/src/schema.rs";

/// A project whose files say what the migrations make.
async fn project() -> Site {
    let site = Site::new().await;
    unedited(&site);
    site
}

fn unedited(site: &Site) {
    for stream in ["public", "tenant"] {
        let file = format!("crates/schema-{stream}/src/schema.rs");
        let text = fs::read_to_string(format!("{ROOT}/{file}")).unwrap();
        site.folder.file(&file, &text);
    }
}

/// The names of the tenants' migrations, oldest first.
fn migrations(site: &Site) -> Vec<String> {
    let folder = site.folder.path().join("migrations/tenant");
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names = names.collect::<Vec<_>>();
    names.sort();
    names
}

/// Nothing was written, and no scratch database is left.
async fn wrote_nothing(site: &Site) {
    assert_eq!(migrations(site).len(), 2);
    assert_eq!(site.databases().await, [""; 0]);
}

fn generate(site: &Site, options: &[&str]) -> Finished {
    let command = site.command("generate-migration --stream tenant");
    command.args(options.iter().copied()).run()
}

#[tokio::test]
async fn an_edited_file_becomes_a_migration_in_diesels_layout() {
    let site = project().await;
    site.folder.file(FILE, EDITED);
    let done = generate(&site, &["add_title"]).succeeds();
    let name = migrations(&site).pop().unwrap();
    assert!(name.ends_with("_add_title"), "{name}");
    done.prints(&format!("Wrote migrations/tenant/{name}:\n"))
        .prints("  add column `title` to `dummy_table`\n")
        .prints("Tested in a scratch database: up, down and up again with 3 sample rows and 1 \
                 used table.\n")
        .says(
            "hint: Review the migration and update the row types beside schema.rs, then apply it.\n      cargo xtask db:migrate:tenants",
        );
    let folder = site.folder.path().join("migrations/tenant").join(&name);
    assert_eq!(
        fs::read_to_string(folder.join("up.sql")).unwrap(),
        "ALTER TABLE dummy_table ADD COLUMN title TEXT;\n"
    );
    assert_eq!(
        fs::read_to_string(folder.join("down.sql")).unwrap(),
        "ALTER TABLE dummy_table DROP COLUMN title;\n"
    );
    assert_eq!(site.databases().await, [""; 0]);
    // The tenants are not touched: the database has not even been set up.
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(site.database.value(tables).await, "0");
}

#[tokio::test]
async fn nothing_changed_is_said_and_nothing_is_written() {
    let site = project().await;
    let done = site.run("generate-migration").succeeds();
    done.prints("crates/schema-public/src/schema.rs matches the public migrations.\n")
        .prints("crates/schema-tenant/src/schema.rs matches the tenant migrations.\n");
    wrote_nothing(&site).await;
}

#[tokio::test]
async fn both_streams_are_generated_at_once_each_with_its_own_answers() {
    let site = project().await;
    site.folder.file(FILE, EDITED);
    let public = fs::read_to_string(format!("{ROOT}/crates/schema-public/src/schema.rs")).unwrap();
    let public =
        format!("{public}\ndiesel::table! {{ plans (id) {{ id -> Int8, name -> Text, }} }}\n");
    site.folder
        .file("crates/schema-public/src/schema.rs", &public);
    let line =
        "generate-migration --json --default plans.name='free' --default dummy_table.title='x'";
    let done = site.run(line).succeeds().json();
    assert_eq!(done["dry_run"], false);
    let streams = done["streams"].as_array().unwrap();
    assert_eq!(streams[0]["stream"], "public");
    assert_eq!(streams[0]["changes"], json!(["create table `plans`"]));
    assert_eq!(
        streams[1]["changes"],
        json!(["add column `title` to `dummy_table`"])
    );
    let name = streams[0]["migration"].as_str().unwrap();
    assert!(name.ends_with("_create_table_plans"), "{name}");
    let path = site
        .folder
        .path()
        .join(streams[0]["path"].as_str().unwrap());
    let up = fs::read_to_string(path.join("up.sql")).unwrap();
    assert!(up.contains("name TEXT NOT NULL DEFAULT 'free'"), "{up}");
    let stray = site
        .run("generate-migration --default nobody.x=1")
        .exits_with(2);
    stray.says("schema.rs has no column `nobody.x`, for which an expression was given");
}

#[tokio::test]
async fn the_same_edit_gives_the_same_files_and_a_dry_run_writes_none() {
    let site = project().await;
    let edited = EDITED.replace("description -> Nullable<Text>", "notes -> Text");
    site.folder.file(FILE, &edited);
    let options = [
        "--dry-run",
        "--json",
        "--rename",
        "dummy_table.description:notes",
        "--default",
        "dummy_table.notes=''",
    ];
    let text = |document: &Value, file: &str| {
        let text = document["streams"][0][file].as_str();
        text.unwrap().to_owned()
    };
    let one = generate(&site, &options).succeeds().json();
    let other = generate(&site, &options).succeeds().json();
    for file in ["up", "down"] {
        assert_eq!(text(&one, file), text(&other, file));
    }
    assert_eq!(one["dry_run"], true);
    wrote_nothing(&site).await;
}

#[tokio::test]
async fn without_a_terminal_a_question_is_refused_with_the_options_that_answer_it() {
    let site = project().await;
    let edited = EDITED
        .replace("name -> Text", "label -> Text")
        .replace("title -> Nullable<Text>", "title -> Text");
    site.folder.file(FILE, &edited);
    let refused = generate(&site, &[]).exits_with(2).prints_nothing();
    refused
        .says("there is no terminal, so 1 question cannot be asked")
        .says("column `name` of `dummy_table` is not in schema.rs")
        .says("--rename dummy_table.name:label  rename it")
        .says("--allow-drop  drop it with its data");
    // What `label` gives to old rows is no question if it is `name`.
    generate(&site, &["--rename", "dummy_table.name:label"])
        .exits_with(2)
        .says("--default dummy_table.title=EXPR");
    wrote_nothing(&site).await;
    let options = [
        "--rename",
        "dummy_table.name:label",
        "--default",
        "dummy_table.title=''",
    ];
    generate(&site, &options).succeeds();
    let refused = generate(&site, &["--json"]).succeeds();
    assert_eq!(refused.json()["streams"][0]["changed"], false);
}

#[tokio::test]
async fn a_file_that_does_not_parse_is_refused_with_file_line_and_reason() {
    let site = project().await;
    site.folder
        .file(FILE, &EDITED.replace("name -> Text", "name => Text"));
    generate(&site, &[])
        .exits_with(2)
        .prints_nothing()
        .says("error: crates/schema-tenant/src/schema.rs:4:14: expected `->`\n");
    site.folder.file(FILE, &EDITED.replace("(id)", "(key)"));
    generate(&site, &[]).exits_with(2).says(
        "crates/schema-tenant/src/schema.rs:2:18: the primary key column `key` does not \
               exist",
    );
    site.folder.file(
        FILE,
        &EDITED.replace("title -> Nullable<Text>", "title -> Nullable<Vector>"),
    );
    generate(&site, &[])
        .exits_with(2)
        .says("error: unknown type `Vector`")
        .says("  --> crates/schema-tenant/src/schema.rs:8\n");
    fs::remove_file(site.folder.path().join(FILE)).unwrap();
    generate(&site, &[])
        .exits_with(2)
        .says("could not read crates/schema-tenant/src/schema.rs");
    wrote_nothing(&site).await;
}

#[tokio::test]
async fn a_migration_that_cannot_be_proven_is_not_written() {
    let site = project().await;
    site.folder.file(
        FILE,
        &EDITED.replace("title -> Nullable<Text>", "title -> Text"),
    );
    let done = generate(&site, &["--default", "dummy_table.title=nonsense()"]).exits_with(1);
    done.says("failed its trial run, so it was not written")
        .says("function nonsense() does not exist (SQLSTATE 42883)");
    // An expression is one, and nothing behind it.
    for more in ["''; DROP TABLE dummy_table", "'' -- why", "'' /* why */"] {
        let default = format!("dummy_table.title={more}");
        generate(&site, &["--default", &default])
            .exits_with(2)
            .says("expected the form TABLE.COLUMN=EXPRESSION, without comments and semicolons");
    }
    wrote_nothing(&site).await;
}

#[tokio::test]
async fn a_rule_for_tenants_holds_for_generated_migrations() {
    let site = project().await;
    site.folder.file(
        FILE,
        &EDITED.replace("title -> Nullable<Text>", "title -> Text"),
    );
    let function = "CREATE FUNCTION title() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;";
    site.migration(
        authoring_commands::Stream::Public,
        "2026-05-01-000000_title",
        function,
    );
    generate(
        &site,
        &[
            "--default",
            "dummy_table.title=diesel_tenants_public_aside.title()",
        ],
    )
    .exits_with(1)
    .says("breaks the lint rule `qualified-name`");
    wrote_nothing(&site).await;
}

#[tokio::test]
async fn a_new_migration_is_newer_than_all_that_exist() {
    let site = project().await;
    let future = "2999-12-31-235959_far_away";
    site.migration(authoring_commands::Stream::Tenant, future, "SELECT 1;");
    site.folder.file(FILE, EDITED);
    generate(&site, &["Add-Title now"]).succeeds();
    let name = migrations(&site).pop().unwrap();
    assert_eq!(name, "3000-01-01-000000-0000_add_title_now");
}

#[tokio::test]
async fn a_name_that_is_no_name_is_refused_before_anything_else() {
    let site = project().await;
    for name in ["../up", "a/b", "über", "..."] {
        generate(&site, &[name])
            .exits_with(2)
            .says("invalid migration name");
    }
    wrote_nothing(&site).await;
}

#[tokio::test]
async fn tables_that_the_filter_leaves_out_are_left_alone() {
    let site = project().await;
    let legacy = "CREATE TABLE legacy_things (id INT PRIMARY KEY);";
    site.migration(
        authoring_commands::Stream::Tenant,
        "2026-03-01-000000_legacy",
        legacy,
    );
    generate(&site, &[])
        .exits_with(2)
        .says("table `legacy_things` is not in schema.rs");
    let config = site.folder.path().join("diesel.tenant.toml");
    let text = fs::read_to_string(&config).unwrap();
    let text = format!("{text}\nfilter = {{ except_tables = [\"^legacy_\"] }}\n");
    fs::write(&config, text).unwrap();
    generate(&site, &[])
        .succeeds()
        .prints("matches the tenant migrations.");
}

#[tokio::test]
async fn without_a_server_or_the_right_password_the_exit_code_is_3() {
    let site = project().await;
    site.folder.file(FILE, EDITED);
    let nowhere = "generate-migration --database-url postgres://u:hush8puppy@127.0.0.1:1/d";
    site.folder
        .run(nowhere)
        .exits_with(3)
        .conceals(PASSWORD)
        .says("no PostgreSQL server answers at u@127.0.0.1:1/d");
}

#[tokio::test]
async fn a_role_that_may_not_make_databases_is_told_two_ways_out() {
    let site = Site::without_rights().await;
    unedited(&site);
    site.folder.file(FILE, EDITED);
    generate(&site, &[])
        .exits_with(1)
        .conceals(PASSWORD)
        .says("--scratch-url");
    let url = site.database.url();
    generate(&site, &["--scratch-url", &url]).succeeds();
    assert_eq!(migrations(&site).len(), 3);
}

#[tokio::test]
async fn at_a_terminal_the_questions_are_asked_one_after_the_other() {
    let site = project().await;
    let edited = EDITED
        .replace("name -> Text", "label -> Text")
        .replace("title -> Nullable<Text>", "title -> Text");
    site.folder.file(FILE, &edited);
    let mut terminal = Terminal::start(site.command("generate-migration --stream tenant ask"));
    terminal.until("rename it, drop it with its data");
    terminal.until("renamed to `label`");
    terminal.presses("\r");
    terminal.until("which value do existing rows get?");
    terminal.types("'none'");
    let ended = terminal.end();
    assert_eq!(ended.code, 0, "{}", ended.shown);
    let name = migrations(&site).pop().unwrap();
    let up = site
        .folder
        .path()
        .join("migrations/tenant")
        .join(name)
        .join("up.sql");
    let up = fs::read_to_string(up).unwrap();
    assert!(up.contains("RENAME COLUMN name TO label;"), "{up}");
    assert!(
        up.contains("ADD COLUMN title TEXT NOT NULL DEFAULT 'none';"),
        "{up}"
    );
}

#[tokio::test]
async fn whoever_stops_at_a_question_has_written_nothing() {
    let site = project().await;
    let edited = EDITED.replace("        name -> Text,\n", "");
    let edited = edited.replace("        title -> Nullable<Text>,\n", "");
    site.folder.file(FILE, &edited);
    // Without a rename to choose, Enter alone drops nothing.
    for (keys, code) in [("\r", 2), ("\u{1b}", 2), ("\u{3}", 130)] {
        let mut terminal = Terminal::start(site.command("generate-migration --stream tenant"));
        terminal.until("stop and write nothing");
        terminal.presses(keys);
        let ended = terminal.end();
        assert_eq!(ended.code, code, "{}", ended.shown);
        wrote_nothing(&site).await;
    }
}

#[tokio::test]
async fn ctrl_c_at_any_moment_leaves_no_database_and_no_half_of_a_migration() {
    let site = project().await;
    site.folder.file(FILE, EDITED);
    for pause in (0..160).step_by(16) {
        let command = site.command("generate-migration --stream tenant --verbose");
        let running = command.start();
        running
            .until_said("scratch database for the tenant stream")
            .await;
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        running.interrupt();
        let ended = running.finish();
        assert_eq!(site.databases().await, [""; 0], "{ended}");
        for name in migrations(&site).split_off(2) {
            let folder = site.folder.path().join("migrations/tenant").join(&name);
            assert!(folder.join("up.sql").is_file(), "{name}");
            assert!(folder.join("down.sql").is_file(), "{name}");
            fs::remove_dir_all(folder).unwrap();
        }
    }
}
