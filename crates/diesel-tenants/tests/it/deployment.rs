//! The files for deployments call commands and options that exist.

use crate::support::{Project, repository};

const FILES: [&str; 4] = [
    "Dockerfile",
    "deploy/kubernetes/check-cronjob.yaml",
    "deploy/kubernetes/migrate-job.yaml",
    "docs/examples/github-workflow.yml",
];

/// A database that is not there: exit code 3 says that the call itself is right.
const UNREACHABLE: &str = "postgres://localhost:1/none";

#[tokio::test]
async fn the_files_for_deployments_call_commands_that_exist() {
    let project = Project::new().await;
    let mut calls = 0;
    for file in FILES {
        let text = std::fs::read_to_string(repository().join(file)).unwrap();
        for call in text.lines().filter_map(call) {
            calls += 1;
            let ended = project.command(&call).on(UNREACHABLE).run();
            ended.exits_with(3);
        }
    }
    assert!(calls > 6, "{calls} calls");
}

/// The arguments of a call, from a list in YAML or from a line of a script. Calls with
/// variables or pipes are left out.
fn call(line: &str) -> Option<String> {
    let line = line.trim();
    if let Some((_, list)) = line.split_once("args: [") {
        return Some(list.trim_end_matches(']').replace(['"', ','], ""));
    }
    let script = line.strip_prefix("run: ").unwrap_or(line);
    let in_container = script.split_once("run --rm -e DATABASE_URL").and_then(|_| {
        let (_, rest) = script.split_once(":ro\" tenants ")?;
        Some(rest)
    });
    let arguments = in_container.or_else(|| script.strip_prefix("tenants "))?;
    (!arguments.contains(['$', '|', '>'])).then(|| arguments.to_owned())
}

#[test]
fn calls_are_found_in_yaml_and_in_scripts() {
    let found = |line: &str| call(line).unwrap_or_default();
    assert_eq!(
        found("  args: [\"migrate\", \"--public\"]"),
        "migrate --public"
    );
    assert_eq!(
        found("        run: tenants migrate --check"),
        "migrate --check"
    );
    assert_eq!(found("  tenants health"), "health");
    let container = "#  docker run --rm -e DATABASE_URL -v \"$PWD:/project:ro\" tenants list";
    assert_eq!(found(container), "list");
    assert_eq!(found("tenants lint --base \"$BASE\" > x"), "");
}
