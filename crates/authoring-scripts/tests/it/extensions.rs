//! Scratch databases have the extensions of the database that they stand
//! beside.

use authoring_commands::Stream;

use test_support::say_not_run;

use crate::support::{ROOT, Site};

/// An extension that comes with PostgreSQL, but in a package of its own. It is
/// one that an ordinary role may make.
const EXTENSION: &str = "citext";

/// Whether the server has it.
async fn is_available(site: &Site) -> bool {
    let sql = format!("SELECT count(*) FROM pg_available_extensions WHERE name = '{EXTENSION}'");
    let is_available = site.database.value(&sql).await == "1";
    if !is_available {
        say_not_run("the server has no extension citext to copy");
    }
    is_available
}

#[tokio::test]
async fn an_extension_of_the_database_beside_is_there_for_the_migrations() {
    let site = Site::new().await;
    if !is_available(&site).await {
        return;
    }
    let make = "CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions";
    site.database.execute(make).await;
    site.migration(
        Stream::Tenant,
        "2026-02-01-000000_emails",
        "CREATE TABLE emails (address citext PRIMARY KEY);",
    );
    site.run("print-schema --stream tenant")
        .exits_with(1)
        .says("type \"citext\" does not exist");
    site.run("print-schema --stream tenant --extensions-schema extensions")
        .succeeds();
}

#[tokio::test]
async fn a_migration_may_make_an_extension_that_is_there_because_it_did() {
    let site = Site::new().await;
    if !is_available(&site).await {
        return;
    }
    let make = "CREATE EXTENSION citext;";
    site.migration(Stream::Public, "2026-02-01-000000_citext", make);
    site.database.execute(make).await;
    let scratch = site.scratch(Stream::Public).await;
    let client = scratch.client().await.unwrap();
    let row = client
        .query_one("SELECT 'A'::citext = 'a'::citext", &[])
        .await;
    assert!(row.unwrap().get::<_, bool>(0));
}

#[tokio::test]
async fn a_column_of_an_extensions_type_is_generated_where_the_extension_is_found() {
    let site = Site::new().await;
    if !is_available(&site).await {
        return;
    }
    let make = "CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions";
    site.database.execute(make).await;
    let file = "crates/schema-tenant/src/schema.rs";
    let text = std::fs::read_to_string(format!("{ROOT}/{file}")).unwrap();
    let text = text.replacen("value -> Nullable<Text>,", "value -> Nullable<Citext>,", 1);
    site.folder.file(file, &text);
    site.run("generate-migration --stream tenant")
        .exits_with(1)
        .says("type \"citext\" does not exist");
    let generate = "generate-migration --stream tenant --extensions-schema extensions --dry-run";
    let done = site.run(generate).succeeds();
    done.prints("ALTER TABLE dummy_table ALTER COLUMN value TYPE CITEXT USING value::CITEXT;\n");
}
