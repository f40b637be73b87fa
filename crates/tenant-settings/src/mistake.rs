//! [`Mistake`]: something wrong in a file, with its place.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use crate::SettingsError;
use crate::files::shown;

/// Something wrong in `tenants.toml`, or in a file that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file, as the reader can open it.
    pub file: String,
    /// The line, from 1, if it is known.
    pub line: Option<usize>,
    /// The column, from 1, if it is known. Columns count characters.
    pub column: Option<usize>,
    /// What is wrong, without the place.
    pub message: String,
}

impl Mistake {
    /// A mistake in a line of a file.
    #[must_use]
    pub fn in_line(file: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: Some(line),
            column: None,
            message: message.into(),
        }
    }

    /// A mistake in a TOML file, as its parser reports it.
    #[must_use]
    pub fn of_toml(file: impl Into<String>, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or_default();
        Found::new(&span, error.message().replace('\n', ", ")).at(file.into(), text)
    }
}

/// With the place in front, as compilers write it.
impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        let numbers = [self.line, self.column];
        let known = numbers.iter().map_while(|number| *number);
        known
            .into_iter()
            .try_for_each(|number| write!(formatter, ":{number}"))?;
        write!(formatter, ": {}", self.message)
    }
}

/// A mistake at a byte of the text that is being read.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    at: usize,
    message: String,
}

impl Found {
    pub(crate) fn new(span: &Range<usize>, message: String) -> Self {
        let at = span.start;
        Self { at, message }
    }

    fn at(self, file: String, text: &str) -> Mistake {
        let (line, column) = position(text, self.at);
        Mistake {
            file,
            line: Some(line),
            column: Some(column),
            message: self.message,
        }
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
pub(crate) fn error(text: &str, file: &Path, mut found: Vec<Found>) -> SettingsError {
    found.sort();
    let mistakes = found.into_iter().map(|one| one.at(shown(file), text));
    SettingsError::Mistakes(mistakes.collect())
}

/// One line for each.
pub(crate) fn lines(mistakes: &[Mistake]) -> String {
    let lines = mistakes.iter().map(ToString::to_string);
    lines.collect::<Vec<_>>().join("\n")
}
