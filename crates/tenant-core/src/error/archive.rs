//! [`ArchiveFailure`]: why a tenant could not be written to a file, or imported from one.

use tenant_archive::ArchiveError;

use super::{Error, words};
use crate::{TenantName, Version};

/// Why a tenant could not be written to a file, or imported from one. Nothing was imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveFailure {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] ArchiveError),
    /// The database is a Citus cluster.
    #[error("cannot import a tenant into a Citus cluster")]
    Cluster,
    /// The file has migrations that this program does not have.
    #[error("the archive has migrations that this program does not have: {}", words::few_versions(.versions))]
    Newer {
        /// Their versions, oldest first.
        versions: Vec<Version>,
    },
    /// The tenant in the file differs from what the migrations create.
    #[error("tenant `{name}` in the archive differs from what its migrations create: {}", words::some(.differences))]
    Differs {
        /// The name that the tenant would have.
        name: TenantName,
        /// The differences, in words.
        differences: Vec<String>,
    },
    /// The imported tenant differs from the file.
    #[error("tenant `{name}` would differ from the archive: {}", words::some(.differences))]
    NotAlike {
        /// The name that the tenant would have.
        name: TenantName,
        /// The differences, in words.
        differences: Vec<String>,
    },
    /// Rows refer to rows outside the tenant's schema that do not exist in this database.
    #[error("tenant `{name}` refers to rows that do not exist here: {}", words::some(.references))]
    MissingReferences {
        /// The name that the tenant would have.
        name: TenantName,
        /// The foreign keys, each with some of the missing values.
        references: Vec<String>,
    },
}

impl From<ArchiveFailure> for Error {
    fn from(failure: ArchiveFailure) -> Self {
        Self::Archive(Box::new(failure))
    }
}

impl From<ArchiveError> for Error {
    fn from(error: ArchiveError) -> Self {
        ArchiveFailure::from(error).into()
    }
}
