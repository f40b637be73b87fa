//! The commands on a standby: what only reads works, and the rest says why it does not.

use test_support::{Finished, Replicated};

use crate::support::{Folder, Migrations};

/// What is replicated: the public schema, and two tenants.
async fn replicated() -> (Replicated, Folder) {
    let (servers, folder) = (Replicated::start(), Folder::new());
    for line in ["migrate-public", "create-tenant acme globex"] {
        run(&folder, &servers.primary("postgres"), line).succeeds();
    }
    servers.caught_up().await;
    (servers, folder)
}

fn run(folder: &Folder, url: &str, line: &str) -> Finished {
    let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
    let command = folder.command(name).on(url);
    command.args(arguments.split_whitespace()).run()
}

const REMEDY: &str = "Give --database-url the address of the primary server.";

#[tokio::test]
async fn what_only_reads_works_on_a_standby() {
    let (servers, folder) = replicated().await;
    let url = servers.standby("postgres");
    for (line, result) in [
        ("list-tenants", "globex"),
        (
            "migrate-public --dry-run",
            "The public schema is up to date.",
        ),
        ("migrate-public", "The public schema is up to date."),
        ("migrate-tenants --dry-run", "2 tenants: 2 up to date"),
        ("migrate-tenants", "2 tenants: 2 up to date"),
        ("diff-tenants acme globex", "do not differ"),
        ("rollback-tenants --dry-run", "2 tenants: 2 to roll back"),
        ("squash-tenants --dry-run", "2 tenants: 2 up to date"),
    ] {
        run(&folder, &url, line).succeeds().prints(result);
    }
    let newer = Migrations::ours().tenant("2027-01-01-000000_a", "CREATE TABLE a (id int);");
    let dry = folder
        .command("migrate-tenants")
        .on(&url)
        .migrations(&newer);
    dry.arg("--dry-run")
        .run()
        .succeeds()
        .prints("2 tenants: 2 behind");
}

#[tokio::test]
async fn what_writes_says_once_that_the_server_is_a_standby() {
    let (servers, folder) = replicated().await;
    let url = servers.standby("postgres");
    let newer = Migrations::ours()
        .tenant("2027-01-01-000000_a", "CREATE TABLE a (id int);")
        .public("2027-01-01-000000_b", "CREATE TABLE b (id int);");
    for line in [
        "migrate-public",
        "create-tenant one two three",
        "clone-tenant acme copy",
        "rename-tenant acme other",
        "drop-tenant acme",
        "drop-tenant acme --yes",
        "rollback-tenants",
        "rollback-tenants --steps 1 --yes",
        "repair-tenant acme",
        "repair-tenant acme --dry-run",
        "adopt-tenant other",
        "spare-tenants 20",
        "migrate-tenants",
        "demo-tenant-schema",
    ] {
        let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
        let command = folder.command(name).on(&url);
        let command = command.args(arguments.split_whitespace());
        let command = if name.starts_with("migrate-") {
            command.migrations(&newer)
        } else {
            command
        };
        let refused = command
            .run()
            .exits_with(1)
            .prints_nothing()
            .says("the server is a read-only standby")
            .says(REMEDY);
        assert_eq!(
            refused.stderr.matches("read-only standby").count(),
            1,
            "{refused:?}"
        );
    }
    let json = run(&folder, &url, "create-tenant one --json").exits_with(1);
    assert!(json.error_message().contains("read-only standby"));
}

#[tokio::test]
async fn a_check_says_what_it_did_not_compare_on_a_standby() {
    let (servers, folder) = replicated().await;
    let url = servers.standby("postgres");
    run(&folder, &url, "health-check")
        .exits_with(1)
        .prints("could not check the tenants for drift")
        .prints("the server is a read-only standby")
        .prints(REMEDY);
    run(&folder, &servers.primary("postgres"), "health-check").succeeds();
    servers.caught_up().await;
    run(&folder, &url, "health-check")
        .succeeds()
        .prints("2 tenants checked: all well.");
}
