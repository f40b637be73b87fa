//! What every document of `--json` has. Field names are stable.
//!
//! A document begins with `schema_version`. An error, a problem, a finding and a note have the
//! same keys ([`Said`]), whatever else each has beside them.

mod documents;
mod texts;

use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::Error;

use crate::explained::Explained;
use crate::message::{Hint, Place};
use crate::{Invocation, remedy};

pub use documents::{CommandSchema, Documents};
pub use texts::{TimeText, VersionText};

/// The version of all documents. It grows when a field is renamed, removed or gets another
/// meaning. A new field leaves it as it is.
pub const SCHEMA_VERSION: u32 = 1;

/// A document with its version, which is its first field.
#[derive(Debug, Serialize)]
pub struct Versioned<'a, T: ?Sized> {
    schema_version: u32,
    #[serde(flatten)]
    document: &'a T,
}

impl<'a, T: ?Sized> Versioned<'a, T> {
    /// That document in the present version.
    #[must_use]
    pub fn new(document: &'a T) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            document,
        }
    }
}

/// The keys that each error, problem, finding and note has.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(rename = "Message")]
pub struct Said {
    /// What happened, with the causes of an error behind colons.
    pub message: String,
    /// Facts, such as what was rolled back.
    pub notes: Vec<String>,
    /// What to do next: sentences, and each command on its own line.
    pub hint: Option<String>,
    /// PostgreSQL's code.
    pub sqlstate: Option<String>,
    /// The file.
    pub file: Option<String>,
    /// The line of the file, from 1.
    pub line: Option<usize>,
    /// The column of the line, from 1.
    pub column: Option<usize>,
}

/// A command that failed as a whole.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Failure {
    /// The error.
    error: ErrorDetail,
    /// Further errors that ended it, such as mistakes in the same file.
    other_errors: Vec<ErrorDetail>,
}

/// An error.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub struct ErrorDetail {
    #[serde(flatten)]
    said: Said,
    /// The name of the migration that failed.
    migration: Option<String>,
    /// The beginning of the statement that failed.
    statement: Option<String>,
}

impl Said {
    /// A message alone.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    /// The same with these facts.
    #[must_use]
    pub fn notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// The same with what to do next.
    #[must_use]
    pub fn hints(self, hints: &[Hint]) -> Self {
        Self {
            hint: remedy::joined(hints),
            ..self
        }
    }

    /// The same with the code of PostgreSQL.
    #[must_use]
    pub fn sqlstate(self, sqlstate: Option<String>) -> Self {
        Self { sqlstate, ..self }
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        let file = self.file.clone()?;
        Some(Place {
            file,
            line: self.line,
            column: self.column,
        })
    }

    /// The same at this place.
    #[must_use]
    pub fn at(self, place: Option<Place>) -> Self {
        let (file, line, column) = match place {
            Some(place) => (Some(place.file), place.line, place.column),
            None => (None, None, None),
        };
        Self {
            file,
            line,
            column,
            ..self
        }
    }
}

impl Failure {
    /// What ended the command.
    #[must_use]
    pub fn of(error: &anyhow::Error, invocation: &Invocation) -> Self {
        Self::explained(Explained::of(error, invocation))
    }

    /// What was explained already, such as arguments that were not understood.
    #[must_use]
    pub fn explained(mut error: Explained) -> Self {
        let others = std::mem::take(&mut error.others);
        Self {
            error: error.into(),
            other_errors: others.into_iter().map(Into::into).collect(),
        }
    }
}

impl ErrorDetail {
    /// The parts of an error of the library.
    #[must_use]
    pub fn of(error: &Error, invocation: &Invocation) -> Self {
        Explained::of_library(error, invocation).into()
    }
}

impl From<Explained> for Said {
    fn from(error: Explained) -> Self {
        Self::new(error.text())
            .hints(&error.hints)
            .notes(error.notes)
            .sqlstate(error.sqlstate)
            .at(error.place)
    }
}

impl From<Explained> for ErrorDetail {
    fn from(mut error: Explained) -> Self {
        Self {
            migration: error.migration.take(),
            statement: error.statement.take(),
            said: error.into(),
        }
    }
}
