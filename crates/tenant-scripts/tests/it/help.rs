//! What `--help` says.

use test_support::{assert_help_fits, assert_tells_version, help_of};

const BINS: [&str; 27] = [
    "accept-edits",
    "adopt-tenant",
    "clone-tenant",
    "create-tenant",
    "demo-tenant-schema",
    "diff-tenants",
    "distribute-tenants",
    "drop-tenant",
    "export-tenant",
    "health-check",
    "import-tenant",
    "init-settings",
    "list-tenants",
    "migrate-public",
    "migrate-tenants",
    "move-tenant",
    "rename-tenant",
    "repair-tenant",
    "resume-tenants",
    "rollback-tenants",
    "show-config",
    "show-version",
    "spare-tenants",
    "squash-tenants",
    "stop-server",
    "suspend-tenants",
    "tenant-url",
];

#[test]
fn every_help_is_as_it_was_agreed() {
    for name in BINS {
        insta::assert_snapshot!(name, help_of(name));
    }
}

#[test]
fn every_help_fits_on_a_screen() {
    for name in BINS {
        assert_help_fits(name);
    }
}

#[test]
fn every_command_tells_its_name_and_version() {
    for name in BINS {
        assert_tells_version(name, env!("CARGO_PKG_VERSION"));
    }
}
