//! `print-schema`: which file, what in it, and what is said.

use authoring_commands::Stream;
use serde_json::json;
use test_support::{Folder, TestDatabase};

use crate::support::{PASSWORD, ROOT, Site};

#[tokio::test]
async fn each_stream_is_printed_as_its_configuration_says() {
    let site = Site::new().await;
    site.run("print-schema").succeeds().prints(
        "Wrote crates/schema-public/src/schema.rs.\nWrote crates/schema-tenant/src/schema.rs.\n",
    );
    let here = site.folder.path().canonicalize().unwrap();
    for stream in Stream::ALL {
        let file = here.join(format!("crates/schema-{stream}/src/schema.rs"));
        let text = std::fs::read_to_string(file).unwrap();
        let start = format!("// print-schema --config-file {}", here.display());
        assert!(text.starts_with(&start), "{text}");
        let config = format!("diesel.{stream}.toml, in {}\n", here.display());
        assert!(text.ends_with(&config), "{text}");
    }
    site.run("print-schema")
        .succeeds()
        .prints("crates/schema-public/src/schema.rs is up to date.\n");
}

#[tokio::test]
async fn one_stream_and_one_file_can_be_named_from_any_folder() {
    let site = Site::new().await;
    let command = site.command("print-schema --stream tenant --schema-file mine.rs --json");
    let done = command.within("crates/schema-tenant").run().succeeds();
    assert_eq!(
        done.json(),
        json!({"streams": [{
            "stream": "tenant", "file": "crates/schema-tenant/mine.rs", "changed": true,
            "removed": [], "views": [], "hint": null,
        }]})
    );
    let untouched = site
        .folder
        .path()
        .join("crates/schema-tenant/src/schema.rs");
    assert_eq!(std::fs::read_to_string(untouched).unwrap(), "");
    site.run("print-schema --schema-file mine.rs")
        .exits_with(2)
        .says("--stream <public|tenant>");
}

#[tokio::test]
async fn a_role_that_may_not_make_databases_is_told_two_ways_out() {
    let site = Site::without_rights().await;
    let refused = site.run("print-schema --json").exits_with(1);
    let refused = refused.conceals(PASSWORD);
    let alter = format!("ALTER ROLE {} CREATEDB", site.role.name());
    let document = refused.json();
    assert_eq!(document["error"]["sqlstate"], "42501");
    let hint = document["error"]["hint"].as_str().unwrap();
    assert!(
        hint.contains(&alter) && hint.contains("--scratch-url"),
        "{hint}"
    );

    let elsewhere = TestDatabase::new().await;
    let command = site.command("print-schema");
    let command = command.arg("--scratch-url").arg(elsewhere.url());
    command.run().succeeds();

    site.database.execute(&alter).await;
    site.run("print-schema").succeeds();
}

#[tokio::test]
async fn a_migration_that_fails_is_reported_with_its_line_and_no_file_is_written() {
    let site = Site::new().await;
    let broken = "CREATE TABLE fine (id INT);\n\nSELECT 1;\nSELECT nonsense;\n";
    site.migration(Stream::Tenant, "2026-02-01-000000_broken", broken);
    site.run("print-schema")
        .exits_with(1)
        .prints_nothing()
        .says("could not apply the migrations to a scratch database")
        .says("migration `2026-02-01-000000_broken` failed for ")
        .says("2026-02-01-000000_broken/up.sql:4\n")
        .says("column \"nonsense\" does not exist (SQLSTATE 42703)")
        .says("Only the scratch database was changed");
    let refused = site.run("print-schema --json").exits_with(1).json();
    assert_eq!(refused["error"]["migration"], "2026-02-01-000000_broken");
    assert_eq!(refused["error"]["line"], 4);
    assert_eq!(refused["error"]["sqlstate"], "42703");
    let untouched = site
        .folder
        .path()
        .join("crates/schema-public/src/schema.rs");
    assert_eq!(std::fs::read_to_string(untouched).unwrap(), "");
}

#[test]
fn outside_a_project_it_is_wrong_use() {
    let folder = Folder::new();
    folder
        .run("print-schema")
        .exits_with(2)
        .prints_nothing()
        .says(
            "is not in a project: it has no tenants.toml, diesel.tenant.toml or migrations/tenant",
        );
}

#[tokio::test]
async fn where_there_is_no_diesel_cli_and_none_may_be_fetched_the_way_is_shown() {
    let site = Site::new().await;
    let command = site.command("print-schema --no-download");
    command
        .env("PATH", "/nowhere")
        .run()
        .exits_with(1)
        .says("could not find a Diesel CLI 2.3")
        .says("cargo install diesel_cli");
    assert!(site.databases().await.is_empty());
}

#[tokio::test]
async fn without_a_terminal_nothing_is_installed_that_was_not_asked_for() {
    let site = Site::new().await;
    let command = site.command("print-schema");
    command
        .env("PATH", "/nowhere")
        .run()
        .exits_with(2)
        .prints_nothing()
        .says("error: could not find a Diesel CLI 2.3")
        .says("hint: Install it for this project.\n      cargo xtask db:schema ")
        .says(" --yes\n")
        .says("hint: Or install it yourself.\n      cargo install diesel_cli");
    assert!(!site.folder.path().join("target/tools").exists());
}

#[tokio::test]
async fn an_installation_that_fails_says_what_it_needs() {
    let site = Site::new().await;
    let command = site.command("print-schema --yes");
    command
        .env("PATH", "/nowhere")
        .run()
        .exits_with(1)
        .says("Installing the Diesel CLI 2.3.14 into target/tools")
        .says("could not install the Diesel CLI")
        .says("a C compiler, perl and make");
}

#[tokio::test]
async fn a_check_needs_no_diesel_cli_and_says_where_the_two_disagree() {
    let site = Site::new().await;
    for stream in Stream::ALL {
        let file = format!("crates/schema-{stream}/src/schema.rs");
        let text = std::fs::read_to_string(format!("{ROOT}/{file}")).unwrap();
        site.folder.file(&file, &text);
    }
    let check = |line: &str| site.command(line).env("PATH", "/nowhere").run();
    check("print-schema --check").succeeds().prints(
        "crates/schema-public/src/schema.rs matches the public migrations.\n\
         crates/schema-tenant/src/schema.rs matches the tenant migrations.\n",
    );
    let edited = "diesel::table! { dummy_table { id -> Uuid, name -> Nullable<Int4>, more -> Text, } }\n\
                  diesel::table! { other { id -> Int8, } }";
    site.folder
        .file("crates/schema-tenant/src/schema.rs", edited);
    check("print-schema --check")
        .exits_with(1)
        .prints("crates/schema-public/src/schema.rs matches the public migrations.\n")
        .prints(
            "error: crates/schema-tenant/src/schema.rs differs from the tenant \
                 migrations\n",
        )
        .prints(
            "  column `name` of `dummy_table` is INTEGER in schema.rs and TEXT in the migrations\n",
        )
        .prints("  column `more` of `dummy_table` is in schema.rs but not in the migrations\n")
        .prints("  table `other` is in schema.rs but not in the migrations\n")
        .prints(
            "hint: Or, if the migrations are right, regenerate the file.\n      cargo xtask \
                 db:schema:tenant",
        );
    // The command is about the same file.
    let file = "--schema-file crates/schema-tenant/src/schema.rs";
    check(&format!("print-schema --check --stream tenant {file}"))
        .exits_with(1)
        .prints(&format!(" {file}\nhint: Or, if"));
    let document = check("print-schema --check --stream tenant --json").exits_with(1);
    let differences = &document.json()["streams"][0]["differences"];
    assert_eq!(differences.as_array().unwrap().len(), 7, "{differences}");
    let text = std::fs::read_to_string(
        site.folder
            .path()
            .join("crates/schema-tenant/src/schema.rs"),
    );
    assert_eq!(text.unwrap(), edited);
    assert_eq!(site.databases().await, [""; 0]);
}

#[tokio::test]
async fn an_edit_that_no_migration_makes_does_not_go_unnoticed() {
    let site = Site::new().await;
    let edited = "diesel::table! { dummy_table { id -> Uuid, due -> Date, } }";
    site.folder
        .file("crates/schema-tenant/src/schema.rs", edited);
    let printed = site.run("print-schema --stream tenant").succeeds();
    printed
        .prints("Wrote crates/schema-tenant/src/schema.rs.\n")
        .says(
            "warning: removed from crates/schema-tenant/src/schema.rs what no migration creates\n  \
             column `due` of `dummy_table` is in schema.rs but not in the migrations\n",
        );
}

#[tokio::test]
async fn a_scratch_url_that_leads_nowhere_is_told_by_its_own_name() {
    let site = Site::new().await;
    site.run("print-schema --scratch-url postgres://app@127.0.0.1:9/app")
        .exits_with(3)
        .says("could not create a scratch database at --scratch-url")
        .says("Correct --scratch-url, or omit it.");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_not_replaced_unread() {
    let site = Site::new().await;
    let file = site
        .folder
        .path()
        .join("crates/schema-tenant/src/schema.rs");
    let text = b"// gr\xfc\xdfe\n";
    std::fs::write(&file, text).unwrap();
    site.run("print-schema")
        .fails()
        .says("could not read crates/schema-tenant/src/schema.rs")
        .says("UTF-8");
    assert_eq!(std::fs::read(&file).unwrap(), text);
    assert!(site.databases().await.is_empty());
}

/// A tenant with a view and a materialized view, and the file of somebody who describes them.
const VIEWS: &str = "CREATE VIEW names AS SELECT id, name FROM dummy_table;
    CREATE MATERIALIZED VIEW counted AS SELECT name, count(*) AS many FROM dummy_table GROUP BY 1;";
const BLOCKS: &str = "
// What is read most.
diesel::table! { names (id) { id -> Uuid, name -> Nullable<Text>, } }

diesel::table! { counted (name) { name -> Text, many -> Int8, } }
";

#[tokio::test]
async fn views_in_the_file_are_compared_and_kept_and_no_migration_creates_a_table_for_them() {
    let site = Site::new().await;
    site.migration(Stream::Tenant, "2026-02-01-000000_views", VIEWS);
    let file = "crates/schema-tenant/src/schema.rs";
    let tables = std::fs::read_to_string(format!("{ROOT}/{file}")).unwrap();
    let path = site.folder.file(file, &format!("{BLOCKS}\n{tables}"));
    let printed = site.folder.file("printed", &tables);
    site.run("print-schema --check --stream tenant")
        .succeeds()
        .prints(&format!("{file} matches the tenant migrations.\n"));
    let generated = site
        .run("generate-migration --stream tenant --json")
        .succeeds()
        .json();
    assert_eq!(generated["streams"][0]["changed"], false, "{generated}");

    let print = |line: &str| {
        let command = site.command(line).env("FAKE_DIESEL", "print");
        command
            .env("FAKE_DIESEL_TEXT", printed.to_str().unwrap())
            .run()
    };
    print("print-schema --stream tenant")
        .succeeds()
        .prints(&format!("Wrote {file}.\n"));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, format!("{tables}{BLOCKS}"));
    print("print-schema --stream tenant")
        .succeeds()
        .prints(&format!("{file} is up to date.\n"));

    site.folder.file(
        file,
        &text.replace("many -> Int8", "many -> Int4, more -> Text"),
    );
    let wrong = "column `many` of the materialized view `counted` is INTEGER in schema.rs and \
                 BIGINT in the migrations";
    site.run("print-schema --check --stream tenant")
        .exits_with(1)
        .prints(wrong);
    print("print-schema --stream tenant")
        .succeeds()
        .says(&format!(
            "warning: kept blocks of views in {file} that differ from the migrations\n"
        ))
        .says(wrong)
        .says("hint: Correct the blocks, or change the views in a migration.");
    let document = print("print-schema --stream tenant --json")
        .succeeds()
        .json();
    assert_eq!(
        document["streams"][0]["views"].as_array().unwrap().len(),
        2,
        "{document}"
    );
}

#[tokio::test]
async fn a_new_type_under_a_view_is_written_with_the_view_around_it() {
    let site = Site::new().await;
    let views = format!(
        "CREATE TABLE tasks (id INT PRIMARY KEY, points INT NOT NULL);\n\
        CREATE VIEW ranked AS SELECT id, points FROM tasks;\nCOMMENT ON VIEW ranked IS 'x';\n{VIEWS}"
    );
    site.migration(Stream::Tenant, "2026-02-01-000000_views", &views);
    let file = "crates/schema-tenant/src/schema.rs";
    let tables = std::fs::read_to_string(format!("{ROOT}/{file}")).unwrap();
    let tasks = "diesel::table! { tasks { id -> Int4, points -> Int8, } }";
    site.folder
        .file(file, &format!("{tables}\n{tasks}\n{BLOCKS}"));
    let line = "generate-migration --stream tenant --dry-run --json";
    let document = site.run(line).succeeds().json();
    let up = document["streams"][0]["up"].as_str().unwrap();
    for part in [
        "DROP VIEW ranked;",
        "CREATE VIEW ranked AS",
        "COMMENT ON VIEW ranked IS 'x';",
    ] {
        assert!(up.contains(part), "{part}: {up}");
    }
    assert!(!up.contains("names"), "{up}");
    let without = "diesel::table! { tasks { id -> Int4, } }";
    site.folder
        .file(file, &format!("{tables}\n{without}\n{BLOCKS}"));
    site.run(&format!("{line} --allow-drop"))
        .exits_with(2)
        .says("cannot drop column `points` of `tasks`: the view `ranked` reads it");
}
