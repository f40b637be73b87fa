//! What a reader of documents can rely on, whatever a command finds.

use crate::support::Project;

/// Keys that appear only with the first tenant break readers in production.
#[tokio::test]
async fn a_document_about_nothing_has_every_key() {
    let project = Project::set_up().await;
    for line in [
        "list",
        "health",
        "spares",
        "migrate",
        "migrate --public",
        "migrate -n",
    ] {
        let document = project.run(&format!("{line} --json")).succeeds().json();
        let keys = document
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>();
        project.run("create acme").succeeds();
        let with_one = project.run(&format!("{line} --json")).succeeds().json();
        let others = with_one
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>();
        assert_eq!(keys, others, "{line}");
        project.run("drop acme --yes").succeeds();
    }
}

/// A warning in the document's stream is the end of every reader.
#[tokio::test]
async fn a_warning_is_beside_the_document() {
    let project = Project::set_up().await;
    let passwords = project.folder.file("pgpass", "*:*:*:*:s3cret\n");
    let passwords = passwords.to_str().unwrap().to_owned();
    let listed = project.command("list --json").env("PGPASSFILE", passwords);
    let listed = listed.run().succeeds().says("warning: ").conceals("s3cret");
    assert!(listed.json()["tenants"].is_array(), "{listed}");
}

/// A failure is the same document, whatever has failed and where.
#[tokio::test]
async fn every_failure_has_the_keys_of_an_error() {
    let project = Project::set_up().await;
    project.run("create acme").succeeds();
    for line in [
        "drop nobody --yes --json",
        "url nobody --json",
        "adopt acme --json",
        "rename acme acme --json",
        "lint --base no-such-revision --json",
        "list --database-url postgres://nobody@127.0.0.1:1/x --json",
        "list --config missing.toml --json",
        "list --sort up --json",
    ] {
        let failed = project.run(line).fails();
        let document = failed.json();
        let keys = document["error"].as_object().unwrap().keys();
        assert_eq!(keys.len(), 9, "{failed}");
    }
}
