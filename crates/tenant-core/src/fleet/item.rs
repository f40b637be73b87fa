//! [`Item`]: a schema to do something with.

use crate::TenantName;

/// A schema to do something with.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) name: TenantName,
    /// The versions that are applied to it, if somebody has looked.
    pub(crate) applied: Option<Vec<String>>,
}

impl From<TenantName> for Item {
    fn from(name: TenantName) -> Self {
        Self {
            name,
            applied: None,
        }
    }
}
