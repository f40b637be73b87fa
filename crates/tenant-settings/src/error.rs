//! [`SettingsError`]: why settings, or the files that they name, cannot be used.

use std::path::PathBuf;

use tenant_core::{ConnectError, Error, SourceError};

use crate::Mistake;
use crate::mistake;

/// An error in the settings, or in the files that they name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// `tenants.toml` or a file that it names has mistakes, at least one. The text has one line for
    /// each, with its place.
    #[error("{}", mistake::lines(.0))]
    Mistakes(Vec<Mistake>),
    /// A file or a folder cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// The folder of migrations does not exist.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
    /// The migrations of a folder are not valid; the source has the reason.
    #[error("{what}")]
    Migrations {
        /// What is not valid.
        what: String,
        /// The reason.
        source: Box<Self>,
    },
    /// The project's public migrations conflict with the migrations of the list of tenants.
    #[error("{whose} conflict with the migrations of the list of tenants")]
    BesideTheList {
        /// The migrations, by their folder or purpose.
        whose: String,
        /// The reason.
        source: SourceError,
    },
    /// The migrations are not valid.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The URL is not valid.
    #[error(transparent)]
    Url(#[from] ConnectError),
    /// An error of the library or the server.
    #[error(transparent)]
    Tenants(#[from] Error),
}

impl From<Mistake> for SettingsError {
    fn from(mistake: Mistake) -> Self {
        Self::Mistakes(vec![mistake])
    }
}

impl SettingsError {
    /// The error with a line above it, which says what cannot be used.
    pub(crate) fn of_migrations(self, what: String) -> Self {
        let source = Box::new(self);
        Self::Migrations { what, source }
    }
}
