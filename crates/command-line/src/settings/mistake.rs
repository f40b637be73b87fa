//! Mistakes in the file, each with line and column.

use std::ops::Range;
use std::path::Path;

use anyhow::anyhow;

use super::find;
use crate::exit::UsageError;

/// One mistake.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mistake {
    /// Where its text begins, in bytes.
    pub(super) at: usize,
    pub(super) message: String,
}

impl Mistake {
    pub(super) fn new(span: &Range<usize>, message: String) -> Self {
        let at = span.start;
        Self { at, message }
    }
}

/// Line and column of the byte `at`, both from 1. Columns count characters.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// All of them as the error of a command, in the order of the text.
pub(super) fn error(text: &str, file: &Path, mut mistakes: Vec<Mistake>) -> anyhow::Error {
    mistakes.sort();
    let file = find::shown(file);
    let lines = mistakes.iter().map(|mistake| {
        let (line, column) = position(text, mistake.at);
        format!("{file}:{line}:{column}: {}", mistake.message)
    });
    anyhow!(UsageError(lines.collect::<Vec<_>>().join("\n")))
}
