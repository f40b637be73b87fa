//! What the rules find, and what is handed back to the caller.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::Serialize;

use crate::rules::catalog;

/// One thing that a rule objects to.
///
/// Findings are ordered by file, then line, then column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, below the given folder; the migration's folder if no file applies.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The rule's name, as [`rules`](crate::rules) lists it.
    pub rule: String,
    /// Whether the migration fails or breaks a promise, or only deserves a look.
    pub severity: Severity,
    /// What is wrong: one line, lower case, no full stop.
    pub message: String,
    /// Facts about it, one sentence each.
    pub notes: Vec<String>,
    /// What to do, if the rule knows: full sentences on the first line, and SQL or settings to
    /// copy on the following lines.
    pub hint: Option<String>,
    /// The line of the file, without the spaces around it; of a long line the part around the
    /// column. None for a finding about the file as a whole.
    pub excerpt: Option<String>,
}

/// How serious a finding is. Either makes the check fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// The migration cannot run as written, or it reaches beyond its tenant.
    Error,
    /// The migration runs, but may block or break programs that use the tables, or is hard to
    /// maintain.
    Warning,
}

/// What was found in a folder of migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The findings, in order.
    pub findings: Vec<Finding>,
    /// The number of migrations, including migrations that Diesel would reject.
    pub migrations: usize,
    /// The number of SQL files.
    pub files: usize,
}

/// How many characters of a line are shown, and how many of these before the column.
const WIDTH: usize = 100;
const BEFORE: usize = 30;

/// A line as a finding shows it.
fn excerpt(line: &str, column: usize) -> String {
    let text = line.trim();
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    let start = column.saturating_sub(BEFORE + 1);
    let shown = line.chars().skip(start).take(WIDTH).collect::<String>();
    let before = if start > 0 { "... " } else { "" };
    let is_cut = line.trim_end().chars().count() > start + WIDTH;
    let after = if is_cut { " ..." } else { "" };
    format!("{before}{}{after}", shown.trim())
}

/// A finding that does not yet know its file and line: `offset` is a byte of
/// the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) offset: usize,
    pub(crate) rule: Cow<'static, str>,
    pub(crate) message: String,
    pub(crate) notes: Vec<String>,
    pub(crate) hint: Option<String>,
}

impl Found {
    pub(crate) fn new(offset: usize, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            offset,
            rule: Cow::Borrowed(rule),
            message: message.into(),
            notes: Vec::new(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The finding in `file`, whose lines are `lines`.
    pub(crate) fn at(self, file: PathBuf, lines: &crate::text::Lines<'_>) -> Finding {
        let (line, column) = lines.position(self.offset);
        let excerpt = match catalog::is_about_whole_file(&self.rule) {
            true => String::new(),
            false => excerpt(lines.text(line), column),
        };
        Finding {
            file,
            line,
            column,
            severity: catalog::severity(&self.rule),
            rule: self.rule.into_owned(),
            message: self.message,
            notes: self.notes,
            hint: self.hint,
            excerpt: (!excerpt.is_empty()).then_some(excerpt),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_shown_around_the_column() {
        assert_eq!(excerpt("  SELECT 1;  ", 3), "SELECT 1;");
        let line = format!("{}here{}", "a".repeat(200), "b".repeat(200));
        let shown = excerpt(&line, 201);
        assert!(
            shown.starts_with("... aaa") && shown.ends_with("bbb ..."),
            "{shown}"
        );
        assert!(shown.contains("ahereb"), "{shown}");
        assert_eq!(shown.chars().count(), WIDTH + 8);
        let end = excerpt(&line, 404);
        assert!(end.ends_with("bb") && end.starts_with("... "), "{end}");
    }
}
