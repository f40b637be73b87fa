//! [`RollbackTo`]: how far back.

use std::num::NonZeroUsize;

use crate::Version;

/// How far back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RollbackTo {
    /// So many of the newest versions that any of the tenants has are reverted. Those
    /// that lack them stay as they are, so that the same call goes on after one in
    /// which some failed.
    Steps(NonZeroUsize),
    /// All that is newer than this version is reverted.
    Version(Version),
    /// All is reverted.
    Nothing,
}

impl Default for RollbackTo {
    fn default() -> Self {
        Self::Steps(NonZeroUsize::MIN)
    }
}
