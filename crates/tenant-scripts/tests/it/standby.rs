//! The commands on a standby: what only reads works, and the rest says why it does not.

use test_support::{Finished, Replicated};

use crate::support::Folder;

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

#[tokio::test]
async fn tmp_show() {
    let (servers, folder) = replicated().await;
    let url = servers.standby("postgres");
    for line in [
        "list-tenants", "migrate-public --dry-run", "migrate-public", "migrate-tenants", "migrate-tenants --dry-run",
        "health-check", "health-check --quick", "diff-tenants acme globex", "rollback-tenants --dry-run",
        "rollback-tenants --yes", "rollback-tenants", "create-tenant new", "clone-tenant acme copy", "rename-tenant acme other", "drop-tenant acme --yes",
        "repair-tenant acme", "repair-tenant acme --dry-run", "adopt-tenant other", "spare-tenants 2", "squash-tenants", "accept-edits", "demo-tenant-schema",
        "distribute-tenants",
    ] {
        let f = run(&folder, &url, line);
        println!("{}", format!("{f:?}").replace("\\n", "\n"));
    }
}
