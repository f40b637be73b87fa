//! What the file of settings decides for the commands that write and check migrations.

use authoring_commands::Stream;
use test_support::Folder;

use crate::support::Site;

#[test]
fn the_linter_reads_its_section_and_every_folder_of_a_stream() {
    let folder = Folder::new();
    let settings = |lint: &str| {
        let text =
            format!("[migrations]\npublic = 'db/public'\ntenant = ['db/own', 'db/vendor']\n{lint}");
        folder.file("tenants.toml", &text)
    };
    settings("");
    folder.file("db/public/2026-01-01-000000_a/up.sql", "SELECT 1;\n");
    folder.file("db/own/2026-01-02-000000_b/up.sql", "SELECT 1;\n");
    let sql = "CREATE TABLE extensions.x (id BIGINT PRIMARY KEY);\n";
    folder.file("db/vendor/2026-01-01-000000_c/up.sql", sql);
    let lint = || folder.run("lint-migrations --json");
    let document = lint().exits_with(1).json();
    assert_eq!(document["checked"], 3);
    let finding = document["findings"].as_array().unwrap();
    let finding = finding.iter().find(|one| one["rule"] == "qualified-name");
    let file = finding.unwrap()["file"].as_str().unwrap();
    assert_eq!(file, "db/vendor/2026-01-01-000000_c/up.sql");
    settings("[lint]\nallowed_schemas = ['extensions']\ndisabled_rules = ['missing-down']\n");
    let document = lint().json();
    let findings = document["findings"].as_array().unwrap();
    let rules = findings.iter().map(|one| one["rule"].as_str().unwrap());
    let rules = rules.collect::<Vec<_>>();
    assert!(!rules.contains(&"qualified-name"), "{rules:?}");
}

#[test]
fn a_section_beside_a_lint_toml_and_a_rule_that_does_not_exist_are_errors() {
    let folder = Folder::new();
    folder.file("tenants.toml", "\n[lint]\ncitus = true\n");
    folder.file("lint.toml", "citus = true\n");
    folder
        .run("lint-migrations")
        .exits_with(2)
        .says("error: could not choose the lint options: ")
        .says("  --> tenants.toml:2\n");
    std::fs::remove_file(folder.path().join("lint.toml")).unwrap();
    folder.file(
        "tenants.toml",
        "[lint]\ndisabled_rules = ['qualified-names']\n",
    );
    folder
        .run("lint-migrations")
        .exits_with(2)
        .says("error: unknown rule `qualified-names`; did you mean `qualified-name`?\n  --> tenants.toml:1\n");
}

#[tokio::test]
async fn a_migration_is_written_for_the_schema_file_and_into_the_first_folder_of_the_settings() {
    let site = Site::new().await;
    let folder = &site.folder;
    for stream in ["public", "tenant"] {
        std::fs::remove_file(folder.path().join(format!("diesel.{stream}.toml"))).unwrap();
        std::fs::remove_dir_all(folder.path().join(format!("migrations/{stream}"))).unwrap();
    }
    folder.file(
        "tenants.toml",
        "[migrations]\npublic = 'db/public'\ntenant = ['db/own', 'db/vendor']\n[schema]\ntenant = \
         'src/tenant.rs'\n",
    );
    std::fs::create_dir_all(folder.path().join("db/public")).unwrap();
    std::fs::create_dir_all(folder.path().join("db/own")).unwrap();
    let sql = "CREATE TABLE things (id BIGINT PRIMARY KEY);\n";
    folder.file("db/vendor/2026-01-01-000000_things/up.sql", sql);
    folder.file(
        "src/tenant.rs",
        "diesel::table! { things (id) { id -> Int8, title -> Nullable<Text>, } }\n",
    );
    let stream = Stream::Tenant;
    let run = site.run(&format!("generate-migration --stream {stream}"));
    run.succeeds().prints("Wrote db/own/");
    let own = std::fs::read_dir(folder.path().join("db/own")).unwrap();
    assert_eq!(own.count(), 1);
    // The place is the same from a folder below.
    let again = site.command(&format!("generate-migration --stream {stream}"));
    again
        .within("src")
        .run()
        .succeeds()
        .prints("matches the tenant migrations.");
}
