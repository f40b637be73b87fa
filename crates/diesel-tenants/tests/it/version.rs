//! What `tenants version` says.

use serde_json::json;
use test_support::Folder;

use crate::support::Project;

#[test]
fn the_version_is_one_line_unless_more_is_wanted() {
    let folder = Folder::new();
    let version = format!("tenants {}\n", env!("CARGO_PKG_VERSION"));
    for line in [
        "tenants version",
        "tenants --version",
        "tenants version --quiet",
    ] {
        assert_eq!(folder.run(line).succeeds().says_nothing().stdout, version);
    }
}

#[tokio::test]
async fn with_verbose_it_says_how_it_was_built_and_where_the_settings_are_but_no_url() {
    let project = Project::new().await;
    let secret = "DATABASE_URL=postgres://app:s3cret@127.0.0.1:1/x\n";
    project.file(".env", secret);
    project.file("tenants.toml", "[defaults]\njobs = 3\n");
    let told = project.run("version --verbose").succeeds();
    let told = told.conceals("s3cret").says_nothing();
    let root = project.folder.path().canonicalize().unwrap();
    for text in [
        "PostgreSQL:         13 to 18",
        "2026-01-01-000000_create_schema_tracker",
        "none compiled in; read from the project",
        &format!("{}/tenants.toml", root.display()),
        &format!("{}/.env", root.display()),
        &format!("{}/migrations/tenant", root.display()),
    ] {
        assert!(told.stdout.contains(text), "{text}: {told}");
    }
    assert!(!told.stdout.contains("127.0.0.1"), "{told}");
}

#[tokio::test]
async fn the_document_has_the_same() {
    let project = Project::new().await;
    let document = project.run("version --json").succeeds().json();
    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["postgresql"], json!({"oldest": 13, "newest": 18}));
    assert_eq!(document["compiled_in"]["tenant"], json!(null));
    assert_eq!(
        document["compiled_in"]["public"].as_array().unwrap().len(),
        5
    );
    assert_eq!(document["paths"]["settings"], json!(null));
    let folders = document["paths"]["tenant_migrations"].as_array().unwrap();
    assert_eq!(folders.len(), 1, "{document}");
}

#[test]
fn a_mistake_in_the_settings_does_not_hide_the_version() {
    let folder = Folder::new();
    folder.file("tenants.toml", "nonsense\n");
    let told = folder.run("tenants version --verbose").succeeds();
    assert!(told.stdout.starts_with("tenants "), "{told}");
    told.says("tenants.toml:1");
}
