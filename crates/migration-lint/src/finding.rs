//! What the rules find, and what is handed back to the caller.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::Serialize;

/// One thing that a rule objects to.
///
/// Findings are ordered by file, then line, then column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, below the folder that was given; a migration's folder where
    /// there is no file to name.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The rule's name, as [`rules`](crate::rules) lists it.
    pub rule: String,
    /// What is wrong.
    pub message: String,
    /// What to do instead, where the rule knows.
    pub remedy: Option<String>,
}

/// What was found in a folder of migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The findings, in order.
    pub findings: Vec<Finding>,
    /// How many migrations there are, those that Diesel would refuse included.
    pub migrations: usize,
    /// How many SQL files were read.
    pub files: usize,
}

/// A finding that does not yet know its file and line: `offset` is a byte of
/// the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) offset: usize,
    pub(crate) rule: Cow<'static, str>,
    pub(crate) message: String,
    pub(crate) remedy: Option<String>,
}

impl Found {
    pub(crate) fn new(offset: usize, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            offset,
            rule: Cow::Borrowed(rule),
            message: message.into(),
            remedy: None,
        }
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The finding in `file`, whose lines are `lines`.
    pub(crate) fn at(self, file: PathBuf, lines: &crate::text::Lines<'_>) -> Finding {
        let (line, column) = lines.position(self.offset);
        Finding {
            file,
            line,
            column,
            rule: self.rule.into_owned(),
            message: self.message,
            remedy: self.remedy,
        }
    }
}
