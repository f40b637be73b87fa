//! What is said of a file that an application cannot be opened by.

use tenant_settings::{ProjectSettings, SettingsError, nearest};

use crate::project::{Project, TEXT};

/// The error and its causes.
fn told(error: &SettingsError) -> String {
    let first: &dyn std::error::Error = error;
    let chain = std::iter::successors(Some(first), |error| error.source());
    chain
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

async fn refused(text: &str, change: impl FnOnce(&Project)) -> String {
    let project = Project::new(text).await;
    change(&project);
    told(&project.open().await.err().unwrap())
}

#[tokio::test]
async fn an_unknown_key_is_named_with_its_line_and_the_nearest_one() {
    let text = "[registry]\nqeury = 'SELECT 1'\n[name]\nallow = 'a'\n";
    let error = refused(text, |_| ()).await;
    assert!(
        error.contains("tenants.toml:2:1: unknown key `qeury` (did you mean `query`?)"),
        "{error}"
    );
    assert!(
        error.contains("tenants.toml:3:2: unknown key `name` (did you mean `names`?)"),
        "{error}"
    );
}

#[tokio::test]
async fn a_value_that_the_library_refuses_is_named_with_its_line() {
    let error = refused("[names]\nallow = '('", |_| ()).await;
    assert!(error.contains("tenants.toml:2: "), "{error}");
    let error = refused("[path]\nbehind = ['pg_catalog']", |_| ()).await;
    assert!(error.contains("tenants.toml:2: "), "{error}");
    let error = refused("[hooks]\nseed = ['sql/none.sql']", |_| ()).await;
    assert!(error.contains("tenants.toml:2: "), "{error}");
    assert!(error.contains("sql/none.sql"), "{error}");
}

#[tokio::test]
async fn a_folder_of_migrations_that_is_not_there_is_named() {
    let error = refused("[migrations]\ntenant = 'elsewhere'", |_| ()).await;
    assert!(
        error.contains("tenants.toml:2: there is no folder"),
        "{error}"
    );
    let error = refused("", |project| {
        std::fs::remove_dir_all(project.path("migrations/tenant")).unwrap();
    });
    let error = error.await;
    assert!(error.contains("there is no folder"), "{error}");
    let error = refused("", |project| {
        project.file("migrations/tenant/2026-02-01-000000_b/up.txt", "SELECT 1;");
    });
    let error = error.await;
    assert!(error.contains("is not a migration"), "{error}");
    assert!(error.contains("could not use"), "{error}");
}

#[tokio::test]
async fn a_url_that_cannot_be_read_is_not_shown() {
    let project = Project::new(TEXT).await;
    let opened = project.settings().unwrap();
    let error = opened
        .open("postgres://ann:s3cret@h:port/d")
        .await
        .err()
        .unwrap();
    assert!(matches!(error, SettingsError::Url(_)), "{error:?}");
    assert!(!told(&error).contains("s3cret"), "{error}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why() {
    let project = Project::new("").await;
    let file = project.path("tenants.toml");
    std::fs::write(&file, b"\xff\xfen\0").unwrap();
    let error = project.settings().unwrap_err();
    assert!(told(&error).contains("is not UTF-8"), "{error}");
    let error = ProjectSettings::read(project.path("none.toml")).unwrap_err();
    assert!(told(&error).contains("could not read the file"), "{error}");
}

#[tokio::test]
async fn the_nearest_file_is_found_up_to_the_root_of_the_repository() {
    let project = Project::new("").await;
    project.file("service/src/main.rs", "");
    let found = nearest(&project.path("service/src")).unwrap();
    assert_eq!(found, project.path("tenants.toml"));
    std::fs::create_dir(project.path("service/.git")).unwrap();
    assert_eq!(nearest(&project.path("service/src")), None);
}
