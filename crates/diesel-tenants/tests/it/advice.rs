//! Commands that are advised are subcommands of this program, which accepts them.

use command_line::invocation::{Action, Spelling};
use command_line::{Common, Invocation};
use tenant_core::remedy::Command as Call;

use crate::support::Project;

/// What a shell makes of the command.
fn words(command: &str) -> Vec<String> {
    let script = format!("printf '%s\\0' {command}");
    let shell = std::process::Command::new("bash")
        .args(["-c", &script])
        .output();
    let text = String::from_utf8(shell.unwrap().stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

#[track_caller]
fn accepted(command: &str) {
    let matched = diesel_tenants::command().try_get_matches_from(words(command));
    matched.unwrap_or_else(|error| panic!("{command}: {error}"));
}

#[test]
fn every_command_that_can_be_advised_is_accepted_as_it_is_spelled() {
    let common = Common {
        database_url: Some("postgres://app:s3cret@db.test/shop?sslmode=disable".to_owned()),
        migrations_dir: Some("my migrations".into()),
        extensions_schema: Some("ext".to_owned()),
        ..Common::default()
    };
    let invocation = Invocation::of(&common).spelled(Spelling::Tenants);
    for call in Call::examples(&"acme".parse().unwrap()) {
        let text = invocation.call(&call);
        assert!(text.starts_with("tenants "), "{text}");
        for option in ["--database-url", "--migrations-dir", "--extensions-schema"] {
            assert!(text.contains(option), "{text}");
        }
        assert!(!text.contains("s3cret"), "{text}");
        accepted(&text);
    }
    let invocation = Invocation::default().spelled(Spelling::Tenants);
    for (action, expected) in [
        (Action::StopServer, "tenants stop"),
        (
            Action::GenerateMigration("public"),
            "tenants generate --stream public",
        ),
        (
            Action::PrintSchema("tenant"),
            "tenants schema --stream tenant",
        ),
    ] {
        let text = invocation.call(action);
        assert_eq!(text, expected);
        accepted(&text);
    }
}

#[tokio::test]
async fn what_a_check_advises_can_be_pasted_and_helps() {
    let project = Project::set_up().await;
    project.run("create acme").succeeds();
    project.tenant(
        "2025-04-01-000000_notes",
        "CREATE TABLE notes (id INT);",
        "",
    );
    let checked = project.run("health --json").exits_with(1).json();
    let hint = checked["problems"][0]["hint"].as_str().unwrap();
    let command = hint.lines().nth(1).unwrap();
    let line = command.strip_prefix("tenants ").unwrap();
    project.run(line).succeeds();
    project.run("health").succeeds();
}

#[tokio::test]
async fn nothing_that_goes_wrong_names_a_command_of_this_repository() {
    let project = Project::set_up().await;
    project.run("create acme").succeeds();
    project
        .execute("CREATE SCHEMA stray; CREATE TABLE stray.boards (id INT)")
        .await;
    project.execute("ALTER SCHEMA acme RENAME TO lost").await;
    for line in [
        "list",
        "health",
        "migrate",
        "drop nobody --yes",
        "repair acme",
        "adopt stray",
        "clone acme beta",
        "rename nobody somebody",
        "squash --baseline 20250301000000",
        "accept-edits",
        "distribute",
        "create acme",
    ] {
        let ended = project.run(line).fails();
        let told = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!told.contains("xtask"), "{ended}");
        assert!(!told.contains("-tenants`"), "{ended}");
    }
}
