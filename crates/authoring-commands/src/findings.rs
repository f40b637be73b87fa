//! The findings of the lint, and the forms in which they are shown.

mod github;
mod sarif;
mod screen;

use std::path::{Path, PathBuf};

use command_line::output::shown;
use migration_lint::{Finding, Report, Severity};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Project, Stream};

/// The findings of the linter.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Findings {
    /// Number of migrations.
    checked: usize,
    /// Number of SQL files.
    files: usize,
    /// The findings, by stream, file and line.
    findings: Vec<Row>,
}

/// A finding.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
struct Row {
    /// The stream of the migration.
    stream: Stream,
    /// The file, from the project's folder; the migration's folder if no file applies.
    file: String,
    /// The line, from 1.
    line: usize,
    /// The column in characters, from 1.
    column: usize,
    /// Name of the rule.
    rule: String,
    /// The severity.
    #[schemars(with = "String", extend("enum" = ["error", "warning"]))]
    severity: Severity,
    /// What is wrong.
    message: String,
    /// Facts about it.
    notes: Vec<String>,
    /// Sentences on the first line, SQL or settings to copy below. Null if there is nothing to do.
    hint: Option<String>,
    /// The line of the file. Null for a finding about the file as a whole.
    excerpt: Option<String>,
    /// The file that a reader of annotations can open.
    #[serde(skip)]
    path: PathBuf,
}

impl Findings {
    pub(crate) fn add(&mut self, project: &Project, stream: Stream, report: Report) {
        self.checked += report.migrations;
        self.files += report.files;
        let rows = report.findings.into_iter();
        self.findings
            .extend(rows.map(|finding| row(project, stream, finding)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// As a person reads them. `is_complete` lists every place of a finding that recurs.
    pub(crate) fn on_screen(&self, is_complete: bool) -> String {
        screen::text(self, is_complete)
    }

    /// As workflow commands of GitHub Actions, one line each. `root` is the folder of the
    /// repository.
    pub(crate) fn for_github(&self, root: &Path) -> String {
        github::text(self, root)
    }

    /// As a SARIF document. `root` is the folder of the repository.
    pub(crate) fn as_sarif(&self, root: &Path) -> serde_json::Result<String> {
        sarif::text(self, root)
    }

    /// What was checked, and how much was found.
    pub(crate) fn summary(&self) -> String {
        screen::summary(self)
    }
}

fn row(project: &Project, stream: Stream, finding: Finding) -> Row {
    Row {
        stream,
        file: project.shown(&finding.file).to_string(),
        line: finding.line,
        column: finding.column,
        rule: finding.rule,
        severity: finding.severity,
        message: on_one_line(&finding.message),
        notes: finding.notes.iter().map(|note| on_one_line(note)).collect(),
        hint: finding.hint,
        excerpt: finding.excerpt,
        path: annotated(finding.file),
    }
}

/// The file itself. Of a folder one of its files, if it has one: no annotation can stand
/// beside a folder.
fn annotated(file: PathBuf) -> PathBuf {
    let inside = ["up.sql", "down.sql", "metadata.toml"].map(|name| file.join(name));
    let found = inside.into_iter().find(|path| path.is_file());
    found.unwrap_or(file)
}

/// Some texts have several lines, and what they quote from the SQL can be
/// anything.
fn on_one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty());
    shown(&lines.collect::<Vec<_>>().join(" ")).into_owned()
}

impl Row {
    /// The message with its notes and its hint, one line each.
    fn paragraph(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("note: {note}"));
        let hint = self.hint.iter().map(|hint| format!("hint: {hint}"));
        let lines = std::iter::once(self.message.clone())
            .chain(notes)
            .chain(hint);
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The path of its file below `root`, with slashes; none for a file elsewhere.
    fn below(&self, root: &Path) -> Option<String> {
        let path = self.path.strip_prefix(root).ok()?;
        let parts = path.components();
        let parts = parts.map(|part| part.as_os_str().to_string_lossy().into_owned());
        Some(parts.collect::<Vec<_>>().join("/"))
    }
}

/// The word for a severity in every form.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        _ => "warning",
    }
}
