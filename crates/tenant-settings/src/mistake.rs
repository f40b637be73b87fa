//! Mistakes in the file, each with line and column.

use std::ops::Range;
use std::path::Path;

use crate::SettingsError;
use crate::files::shown;

/// One mistake.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mistake {
    /// Where its text begins, in bytes.
    pub(crate) at: usize,
    pub(crate) message: String,
}

impl Mistake {
    pub(crate) fn new(span: &Range<usize>, message: String) -> Self {
        let at = span.start;
        Self { at, message }
    }
}

/// Line and column of the byte `at`, both from 1. Columns count characters.
pub(crate) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// All of them as one error, in the order of the text.
pub(crate) fn error(text: &str, file: &Path, mut mistakes: Vec<Mistake>) -> SettingsError {
    mistakes.sort();
    let file = shown(file);
    let lines = mistakes.iter().map(|mistake| {
        let (line, column) = position(text, mistake.at);
        format!("{file}:{line}:{column}: {}", mistake.message)
    });
    SettingsError::Unusable(lines.collect::<Vec<_>>().join("\n"))
}
