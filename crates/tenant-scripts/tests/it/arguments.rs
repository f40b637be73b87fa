//! Arguments that make no sense: exit code 2, and with `--json` still one
//! document.

use serde_json::Value;

use crate::support::Folder;

#[test]
fn arguments_that_make_no_sense_are_wrong_use() {
    let folder = Folder::new();
    for (command, message) in [
        ("create-tenant", "required arguments were not provided"),
        ("drop-tenant", "required arguments were not provided"),
        ("drop-tenant acme beta", "unexpected argument `beta` found"),
        ("clone-tenant acme", "required arguments were not provided"),
        ("rename-tenant acme", "required arguments were not provided"),
        ("move-tenant acme", "required arguments were not provided"),
        ("move-tenant acme --to 10.0.0.12", "is not a node address"),
        ("diff-tenants acme", "required arguments were not provided"),
        ("repair-tenant", "required arguments were not provided"),
        ("adopt-tenant acme beta", "unexpected argument `beta` found"),
        ("stop-server acme", "unexpected argument `acme` found"),
        ("list-tenants --jsno", "unexpected argument `--jsno` found"),
        (
            "health-check --match",
            "a value is required for `--match <PATTERN>`",
        ),
        (
            "migrate-tenants --jobs 0",
            "invalid value `0` for `--jobs <N>`",
        ),
        (
            "migrate-tenants --lock-timeout 9999999",
            "expected a time from 0 to 2000000 seconds, such as 5s, 500ms or 2m",
        ),
        ("stop-server now", "unexpected argument `now` found"),
        ("demo-tenant-schema --keep=yes", "--keep"),
        (
            "migrate-public --dry-run --quiet --verbose",
            "cannot be used with",
        ),
    ] {
        folder
            .run(command)
            .exits_with(2)
            .prints_nothing()
            .says("error: ")
            .says(message)
            .says("hint: ")
            .says("--help");
    }
}

#[test]
fn they_are_an_error_in_json_too() {
    let folder = Folder::new();
    for (command, message) in [
        (
            "stop-server acme --json",
            "unexpected argument `acme` found",
        ),
        (
            "--json migrate-tenants --jobs 0",
            "invalid value `0` for `--jobs <N>`",
        ),
        (
            "migrate-tenants --json --max-failures 2 --fail-fast",
            "cannot be used with",
        ),
        (
            "health-check --json --nonsense",
            "unexpected argument `--nonsense` found",
        ),
        (
            "create-tenant --json",
            "required arguments were not provided",
        ),
    ] {
        let command = match command.strip_prefix("--json ") {
            Some(rest) => rest.replacen(' ', " --json ", 1),
            None => command.to_owned(),
        };
        let refused = folder.run(&command).exits_with(2).says(message);
        assert!(refused.error_message().contains(message), "{refused}");
        let document = refused.json();
        for field in ["sqlstate", "migration", "file", "line", "column"] {
            assert_eq!(document["error"][field], Value::Null, "{refused}");
        }
        assert_eq!(document["other_errors"], Value::Array(Vec::new()));
        assert_eq!(document.as_object().unwrap().len(), 2, "{refused}");
    }
}

#[test]
fn a_mistyped_option_is_met_with_the_right_one() {
    let folder = Folder::new();
    folder
        .run("list-tenants --jsno")
        .exits_with(2)
        .says("hint: A similar argument exists: `--json`.\n");
    folder
        .run("migrate-tenants --dryrun")
        .exits_with(2)
        .says("hint: A similar argument exists: `--dry-run`.\n");
}

#[test]
fn a_missing_name_is_named_with_the_usage() {
    let folder = Folder::new();
    folder
        .run("create-tenant")
        .exits_with(2)
        .says("<NAME>...")
        .says("note: usage: create-tenant <NAME>...\n")
        .says("      create-tenant --help\n");
}

#[test]
fn a_wrong_use_is_found_before_anything_is_started() {
    let folder = Folder::new();
    folder.file("diesel.tenant.toml", "");
    for command in [
        "create-tenant 2fast",
        "create-tenant --names-from nowhere.txt",
        "spare-tenants 99999999999",
        "spare-tenants --keep 10001",
    ] {
        folder.run(command).exits_with(2);
    }
    assert!(!folder.path().join(".postgres").exists());
}

#[test]
fn missing_arguments_are_named_in_json() {
    let folder = Folder::new();
    let refused = folder.run("create-tenant --json").exits_with(2);
    assert!(refused.error_message().contains("<NAME>..."), "{refused}");
}
