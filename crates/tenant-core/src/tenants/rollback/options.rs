//! What to revert, and how far back.

use std::num::NonZeroUsize;

use crate::TenantName;

/// How far back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollbackTo {
    /// So many of the newest versions that any of the tenants has are reverted. Those
    /// that lack them stay as they are, so that the same call goes on after one in
    /// which some failed.
    Steps(NonZeroUsize),
    /// All that is newer than this version is reverted.
    Version(String),
    /// All is reverted.
    Nothing,
}

impl Default for RollbackTo {
    fn default() -> Self {
        Self::Steps(NonZeroUsize::MIN)
    }
}

/// What to revert.
#[derive(Debug, Clone, Default)]
pub struct RollbackOptions {
    /// Only these; all when empty. Names of no tenant are reported as failed.
    pub only: Vec<TenantName>,
    /// How far back.
    pub to: RollbackTo,
    /// How many connections, 8 when `None`; fewer when the server has not as
    /// many left.
    pub jobs: Option<NonZeroUsize>,
    /// After so many failures no further tenant is begun.
    pub max_failures: Option<usize>,
}
