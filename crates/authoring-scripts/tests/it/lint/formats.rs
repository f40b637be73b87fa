//! Formats of the findings for the programs of a CI.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use test_support::{Finished, Folder};

use super::{NEW, add, project, project_with};

fn init_repository(folder: &Folder) {
    let status = Command::new("git")
        .args(["init", "--quiet"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}

/// A project with a finding, below the folder of a repository whose name a URI cannot hold.
fn project_below_a_repository() -> Folder {
    let outer = Folder::new();
    init_repository(&outer);
    outer.file("my shop/ü/diesel.tenant.toml", "");
    let migration = format!("my shop/ü/migrations/tenant/{NEW}");
    outer.file(&format!("{migration}/up.sql"), "SELECT 1;\n  COMMIT;\n");
    outer.file(&format!("{migration}/down.sql"), "SELECT 1;\n");
    outer
}

fn lint_below(outer: &Folder, line: &str) -> Finished {
    outer.command(line).within("my shop/ü").run()
}

#[test]
fn annotations_name_the_file_from_the_folder_of_the_repository() {
    let outer = project_below_a_repository();
    let checked = lint_below(&outer, "lint-migrations --output github").exits_with(1);
    let checked = checked.says("Checked 1 migration: 1 error.\n");
    assert_eq!(
        checked.stdout,
        format!(
            "::error file=my shop/ü/migrations/tenant/{NEW}/up.sql,line=2,col=3,\
             title=transaction-control::`COMMIT` would begin or end a transaction, but the run \
             controls its own%0Ahint: Remove the statement. Savepoints are allowed.\n"
        )
    );
}

#[test]
fn an_annotation_stands_beside_a_file_and_never_beside_a_folder() {
    let folder = project();
    folder.file(&format!("migrations/tenant/{NEW}/up.sql"), "SELECT 1;\n");
    let checked = folder.run("lint-migrations -o github").exits_with(1);
    checked.prints(&format!(
        "::warning file=migrations/tenant/{NEW}/up.sql,line=1,col=1,title=missing-down::"
    ));
}

#[test]
fn without_findings_there_is_no_annotation_and_a_whole_document() {
    let folder = project();
    let annotated = folder.run("lint-migrations -o github").succeeds();
    annotated.prints_nothing().says("no findings.");
    let document = folder
        .run("lint-migrations -o sarif")
        .succeeds()
        .foreign_json();
    assert_eq!(document["runs"][0]["results"], json!([]));
}

#[test]
fn a_format_stands_for_itself() {
    let folder = project();
    for line in [
        "lint-migrations -o sarif --json",
        "lint-migrations -o xml",
        "lint-migrations --rules -o sarif",
    ] {
        folder.run(line).exits_with(2);
    }
}

#[test]
fn a_sarif_document_has_what_the_standard_requires() {
    let outer = project_below_a_repository();
    let checked = lint_below(&outer, "lint-migrations -o sarif").exits_with(1);
    let document = checked.foreign_json();
    let problems = problems(&document);
    assert_eq!(problems, [""; 0], "{document:#}");
    let result = &document["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "transaction-control");
    assert_eq!(result["level"], "error");
    assert_eq!(
        result["locations"][0]["physicalLocation"],
        json!({
            "artifactLocation": {
                "uri": format!("my%20shop/%C3%BC/migrations/tenant/{NEW}/up.sql"),
                "uriBaseId": "%SRCROOT%",
            },
            "region": { "startLine": 2, "startColumn": 3, "snippet": { "text": "COMMIT;" } },
        })
    );
}

#[test]
fn every_rule_that_finds_something_is_described_in_the_document() {
    let folder = project_with("CREATE TABLE tasks (id INT PRIMARY KEY, name VARCHAR(9));\n");
    add(&folder, "9_odd", "SET search_path TO a;\n");
    let document = folder
        .run("lint-migrations -o sarif")
        .exits_with(1)
        .foreign_json();
    assert_eq!(problems(&document), [""; 0], "{document:#}");
    let results = document["runs"][0]["results"].as_array().unwrap();
    assert!(results.len() >= 4, "{document:#}");
}

/// What SARIF 2.1.0 requires of the parts that are written, and code scanning beside it.
///
/// Sources: the standard, sections 3.13 (log), 3.14 (run), 3.19 (driver), 3.27 (result),
/// 3.29 and 3.30 (location and region), 3.49 (rules); GitHub Docs, "SARIF support for code
/// scanning".
fn problems(log: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            problems.push(what.to_owned());
        }
    };
    require(log["version"] == "2.1.0", "version");
    require(
        log["runs"].as_array().is_some_and(|runs| runs.len() == 1),
        "runs",
    );
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    require(driver["name"].is_string(), "driver.name");
    require(run["columnKind"] == "unicodeCodePoints", "columnKind");
    let rules = driver["rules"].as_array().unwrap();
    let levels = ["none", "note", "warning", "error"].map(Value::from);
    for rule in rules {
        require(rule["id"].is_string(), "rule.id");
        require(
            rule["shortDescription"]["text"].is_string(),
            "rule.shortDescription",
        );
        let configuration = &rule["defaultConfiguration"];
        require(levels.contains(&configuration["level"]), "rule.level");
    }
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        require(rules[index]["id"] == result["ruleId"], "ruleIndex");
        require(levels.contains(&result["level"]), "level");
        require(result["message"]["text"].is_string(), "message.text");
        let place = &result["locations"][0]["physicalLocation"];
        for number in ["startLine", "startColumn"] {
            let is_positive = place["region"][number].as_u64().is_some_and(|it| it >= 1);
            require(is_positive, number);
        }
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._~%".contains(c);
        require(!uri.is_empty() && uri.chars().all(is_plain), uri);
    }
    problems
}
