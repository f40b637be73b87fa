//! [`RollbackTo`]: how far back.

use std::num::NonZeroUsize;

use crate::Version;

/// How far to roll back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RollbackTo {
    /// Rolls back this many of the newest versions that any tenant has. Tenants without these
    /// versions stay unchanged, so you can repeat a call in which some tenants failed.
    Steps(NonZeroUsize),
    /// Rolls back all versions that are newer than this version.
    Version(Version),
    /// Rolls back all versions.
    Nothing,
}

impl Default for RollbackTo {
    fn default() -> Self {
        Self::Steps(NonZeroUsize::MIN)
    }
}
