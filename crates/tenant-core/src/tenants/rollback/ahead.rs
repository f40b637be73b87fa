//! [`Ahead`]: a tenant or a spare that has something to revert.

use crate::Version;
use crate::name::Entry;

/// A tenant or a spare that has something to revert.
#[derive(Debug)]
pub(in crate::tenants) struct Ahead {
    pub(in crate::tenants) entry: Entry,
    /// Newest first.
    pub(in crate::tenants) versions: Vec<Version>,
}
