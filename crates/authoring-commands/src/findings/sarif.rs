//! Findings as a SARIF 2.1.0 document, for code scanning and other readers.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0". Only what
//! code scanning reads is written.

use std::path::Path;

use migration_lint::rules;
use serde::Serialize;

use super::{Findings, Row, level};

/// What names the format to other programs.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What readers take for the folder of the repository.
const ROOT: &str = "%SRCROOT%";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Finding>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    enabled: bool,
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Text>,
}

pub(super) fn text(findings: &Findings, root: &Path) -> serde_json::Result<String> {
    let results = findings.findings.iter().map(|row| finding(row, root));
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "diesel-tenants",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: rules().iter().map(rule).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            results: results.collect(),
        }],
    };
    serde_json::to_string_pretty(&log)
}

fn rule(rule: &migration_lint::RuleInfo) -> Rule {
    Rule {
        id: rule.name,
        short_description: Text {
            text: rule.summary.to_owned(),
        },
        default_configuration: Configuration {
            enabled: rule.on_by_default,
            level: level(rule.severity()),
        },
    }
}

fn finding(row: &Row, root: &Path) -> Finding {
    let snippet = row.excerpt.clone().map(|text| Text { text });
    Finding {
        rule_id: row.rule.clone(),
        rule_index: rules().iter().position(|rule| rule.name == row.rule),
        level: level(row.severity),
        message: Text {
            text: row.paragraph(),
        },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: artifact(row, root),
                region: Region {
                    start_line: row.line,
                    start_column: row.column,
                    snippet,
                },
            },
        }],
    }
}

/// Readers look for files from the repository's folder. Another file has its whole path.
fn artifact(row: &Row, root: &Path) -> ArtifactLocation {
    match row.below(root) {
        Some(path) => ArtifactLocation {
            uri: encoded(&path),
            uri_base_id: Some(ROOT),
        },
        None => ArtifactLocation {
            uri: format!("file://{}", encoded(&row.path.to_string_lossy())),
            uri_base_id: None,
        },
    }
}

/// A path as part of a URI.
fn encoded(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let bytes = path.bytes().map(|byte| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_reference_that_readers_accept() {
        let path = "my app/migrations/tenant/1_ü#?/up.sql";
        let uri = "my%20app/migrations/tenant/1_%C3%BC%23%3F/up.sql";
        assert_eq!(encoded(path), uri);
    }
}
