//! [`SettingsError`]: why settings, or the files that they name, cannot be used.

use std::path::PathBuf;

use tenant_core::{ConnectError, Error, SourceError};

/// Why settings, or the files that they name, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file, a value in it, or a file that it names cannot be used. The text names the
    /// place. Of a file with several mistakes, it has a line for each.
    #[error("{0}")]
    Unusable(String),
    /// There is no such folder of migrations.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
    /// The migrations of a folder cannot be used; the source says why.
    #[error("{what}")]
    Migrations {
        /// What cannot be used.
        what: String,
        /// Why.
        source: Box<Self>,
    },
    /// The project's public migrations cannot be used beside those of the list of tenants.
    #[error("{whose} conflict with the migrations of the list of tenants")]
    BesideTheList {
        /// The migrations: where they are, or what they are for.
        whose: String,
        /// Why.
        source: SourceError,
    },
    /// Migrations that contradict each other, or are none.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A URL that cannot be read.
    #[error(transparent)]
    Url(#[from] ConnectError),
    /// What the library, or the server, says.
    #[error(transparent)]
    Tenants(#[from] Error),
}

impl SettingsError {
    /// The error with a line above it, which says what cannot be used.
    pub(crate) fn of_migrations(self, what: String) -> Self {
        let source = Box::new(self);
        Self::Migrations { what, source }
    }
}
