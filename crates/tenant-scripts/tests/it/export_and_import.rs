//! `export-tenant` and `import-tenant`: what they say, and how they end.

use serde_json::json;

use crate::support::{Database, Folder};

async fn acme_with_rows() -> Database {
    let database = Database::with_tenants("acme").await;
    let rows = "INSERT INTO acme.dummy_table (name) SELECT 'row' FROM generate_series(1, 20)";
    database.execute(rows).await;
    database
}

#[tokio::test]
async fn a_tenant_that_was_dropped_comes_back() {
    let database = acme_with_rows().await;
    let folder = Folder::new();
    let path = folder.path().join("acme.tenant");
    let path = path.display();
    database
        .run(&format!("export-tenant acme -o {path}"))
        .succeeds()
        .says_nothing()
        .prints(&format!(
            "Exported tenant `acme` to `{path}`: 1 table, 20 rows, "
        ));
    database.run("drop-tenant acme --yes").succeeds();
    database
        .run(&format!("import-tenant {path}"))
        .succeeds()
        .says_nothing()
        .prints("Imported tenant `acme`: 1 table, 20 rows (");
    database.run("health-check").succeeds();
    database
        .run(&format!("import-tenant {path}"))
        .exits_with(1)
        .says("error: tenant `acme` already exists");
    let document = database
        .run(&format!("import-tenant {path} --as copy --json"))
        .succeeds()
        .json();
    assert_eq!(document["tenant"], "copy");
    assert_eq!(document["imported_from"], "acme");
    assert_eq!(document["tables"][0]["rows"], 20);
    assert_eq!(document["applied"], json!([]));
    assert_eq!(database.tracked().await, ["acme", "copy"]);
}

#[tokio::test]
async fn wrong_use_is_told_before_anything_is_read() {
    let database = acme_with_rows().await;
    database
        .run("export-tenant acme -o - --json")
        .exits_with(2)
        .says("error: --json and an archive cannot both go to standard output");
    database
        .run("export-tenant nobody -o x.tenant")
        .exits_with(2)
        .says("error: there is no tenant `nobody`");
    database
        .run("import-tenant /nowhere/x.tenant")
        .exits_with(1)
        .says("error: could not read the archive");
}

#[tokio::test]
async fn what_cannot_be_imported_is_told_with_what_to_do() {
    let database = acme_with_rows().await;
    let folder = Folder::new();
    let path = folder.path().join("acme.tenant");
    let export = format!("export-tenant acme -o {}", path.display());
    database
        .execute("ALTER TABLE acme.dummy_table ADD COLUMN extra int")
        .await;
    database.run(&export).succeeds();
    let import = format!("import-tenant {} --as copy", path.display());
    database
        .run(&import)
        .exits_with(1)
        .says("error: tenant `copy` in the archive differs from what its migrations create: ")
        .says("--allow-drift");
    let file = std::fs::read(&path).unwrap();
    std::fs::write(&path, &file[..file.len() - 3000]).unwrap();
    database
        .run(&format!("{import} --allow-drift"))
        .exits_with(1)
        .says("error: the archive is cut off");
    assert_eq!(database.tracked().await, ["acme"]);
}
