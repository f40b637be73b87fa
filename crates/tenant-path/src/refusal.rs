//! [`Refusal`]: why work in a tenant did not begin, or was not committed.

use diesel::result::Error;

use crate::mark::ENDED;
use crate::path::{ELSEWHERE, TenantPath};

/// Why work in a tenant did not begin, or was not committed.
///
/// Your work has an error type of its own, so this travels inside Diesel's
/// ([`Error::QueryBuilderError`]). [`Refusal::of`] finds it there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The path does not resolve, so nothing was run.
    #[error(
        "cannot work in search_path {path}: a schema does not exist, or the role has no USAGE on it"
    )]
    NoSchema {
        /// The path, quoted.
        path: String,
    },
    /// At the end of the work the path was another one. It was rolled back.
    #[error(
        "rolled back the work in search_path {path}: the work changed the path, or a schema was dropped"
    )]
    PathChanged {
        /// The path, quoted.
        path: String,
    },
    /// The work ended the transaction itself, by SQL or by Diesel. What it wrote before was
    /// committed if it said so. What it wrote afterwards ran outside the tenant's path.
    #[error("cannot commit the work in search_path {path}: the work ended its transaction itself")]
    Ended {
        /// The path, quoted.
        path: String,
    },
    /// The work began a transaction inside and left it open. All was rolled back.
    #[error("rolled back the work in search_path {path}: the work left an inner transaction open")]
    InnerOpen {
        /// The path, quoted.
        path: String,
    },
}

impl Refusal {
    /// The refusal in an error of Diesel's, if it is one.
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
