//! [`Refusal`]: why work in a tenant did not begin, or was not committed.

use diesel::result::Error;

use crate::mark::ENDED;
use crate::path::{ELSEWHERE, TenantPath};

/// Why work in a tenant did not begin, or was not committed.
///
/// Your work has its own error type, so this value travels inside Diesel's error
/// ([`Error::QueryBuilderError`]). [`Refusal::of`] extracts it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The path does not resolve, so nothing ran.
    #[error(
        "cannot work in search_path {path}: a schema does not exist, or the role has no USAGE on it"
    )]
    NoSchema {
        /// The path, quoted.
        path: String,
    },
    /// The path differed at the end of the work. The work was rolled back.
    #[error(
        "rolled back the work in search_path {path}: the work changed the path, or a schema was dropped"
    )]
    PathChanged {
        /// The path, quoted.
        path: String,
    },
    /// The work ended the transaction itself, by SQL or by Diesel. Earlier writes were committed if
    /// the work committed them. Later writes ran outside the tenant's path.
    #[error("cannot commit the work in search_path {path}: the work ended its transaction itself")]
    Ended {
        /// The path, quoted.
        path: String,
    },
    /// The work left an inner transaction open. Everything was rolled back.
    #[error("rolled back the work in search_path {path}: the work left an inner transaction open")]
    InnerOpen {
        /// The path, quoted.
        path: String,
    },
}

impl Refusal {
    /// Returns the refusal in a Diesel error, if it is one.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        match error {
            Error::QueryBuilderError(inner) => inner.downcast_ref(),
            _ => None,
        }
    }

    /// The error of the message that began the work.
    pub(crate) fn at_begin(error: Error, path: &TenantPath) -> Error {
        let path = path.value();
        match says(&error, ELSEWHERE) {
            true => Self::NoSchema { path }.into(),
            false => error,
        }
    }

    /// The error of the message that checked the work.
    pub(crate) fn at_end(error: Error, path: &TenantPath) -> Error {
        let path = path.value();
        if says(&error, ELSEWHERE) {
            Self::PathChanged { path }.into()
        } else if says(&error, ENDED) {
            Self::Ended { path }.into()
        } else {
            error
        }
    }

    /// The error about a depth of Diesel's transactions that is not 1.
    pub(crate) fn at_depth(depth: u32, path: &TenantPath) -> Error {
        let path = path.value();
        match depth {
            0 => Self::Ended { path }.into(),
            _ => Self::InnerOpen { path }.into(),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::QueryBuilderError(Box::new(refusal))
    }
}

/// Whether the server quotes the text, in whatever language it speaks.
fn says(error: &Error, text: &str) -> bool {
    matches!(error, Error::DatabaseError(_, about) if about.message().contains(text))
}
