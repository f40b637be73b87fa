//! What `--help` says.

use std::collections::BTreeSet;

use serde_json::Value;
use test_support::{assert_short_help_fits, assert_tells_version, help_of};

use crate::support::Database;

const BINS: [&str; 23] = [
    "accept-edits",
    "adopt-tenant",
    "clone-tenant",
    "create-tenant",
    "demo-tenant-schema",
    "diff-tenants",
    "distribute-tenants",
    "drop-tenant",
    "health-check",
    "init-settings",
    "list-tenants",
    "migrate-public",
    "migrate-tenants",
    "move-tenant",
    "rename-tenant",
    "repair-tenant",
    "rollback-tenants",
    "show-config",
    "show-version",
    "spare-tenants",
    "squash-tenants",
    "stop-server",
    "tenant-url",
];

#[test]
fn every_help_is_as_it_was_agreed() {
    for name in BINS {
        insta::assert_snapshot!(name, help_of(name));
    }
}

/// All names of fields in a document, at any depth.
fn fields(document: &Value, found: &mut BTreeSet<String>) {
    match document {
        Value::Object(object) => {
            for (name, field) in object {
                found.insert(name.clone());
                fields(field, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| fields(element, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_field_of_a_document_is_named_by_the_help() {
    let database = Database::empty().await;
    database.folder.file("diesel.tenant.toml", "");
    database.run("demo-tenant-schema --keep").succeeds();
    for line in [
        "migrate-public --json",
        "create-tenant acme --json",
        "list-tenants --json",
        "migrate-tenants --json",
        "migrate-tenants --only nobody --json",
        "rollback-tenants --yes --json",
        "rollback-tenants --only nobody --json",
        "health-check --json",
        "demo-tenant-schema --json",
        "spare-tenants 1 --json",
        "spare-tenants --json",
        "create-tenant other --json",
        "diff-tenants acme other --json",
        "repair-tenant acme --json",
        "clone-tenant acme copy --json",
        "tenant-url acme --json",
        "rename-tenant acme globex --json",
        "drop-tenant globex --yes --json",
        "show-config --json",
        "show-version --json",
        "stop-server --json",
    ] {
        let document = database.run(line).json();
        let name = line.split(' ').next().unwrap();
        let help = database.folder.run(&format!("{name} --help"));
        let named = |field: &String| {
            let mut words = help
                .stdout
                .split(|c: char| !(c.is_alphanumeric() || c == '_'));
            words.any(|word| word == field)
        };
        let mut all = BTreeSet::new();
        fields(&document, &mut all);
        all.retain(|field| !named(field));
        assert!(all.is_empty(), "{name} --help does not name {all:?}");
    }
}

#[test]
fn a_short_help_fits_on_a_screen() {
    for name in BINS {
        assert_short_help_fits(name);
    }
}

#[test]
fn every_command_tells_its_name_and_version() {
    for name in BINS {
        assert_tells_version(name, env!("CARGO_PKG_VERSION"));
    }
}
