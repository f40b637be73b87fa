//! [`Ahead`]: a tenant that has something to revert.

use crate::{TenantName, Version};

/// A tenant that has something to revert.
#[derive(Debug)]
pub(in crate::tenants) struct Ahead {
    pub(in crate::tenants) tenant: TenantName,
    /// Newest first.
    pub(in crate::tenants) versions: Vec<Version>,
}
