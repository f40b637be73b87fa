//! [`WrongOwner`]: a tenant whose schema was handed to another role.

use crate::{SchemaName, TenantName};

/// A tenant whose schema belongs to another role than what is in it, or than the schemas of
/// most tenants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[error("the schema of tenant `{name}` is owned by `{owner}` instead of `{usual}`")]
pub struct WrongOwner {
    /// The tenant.
    pub name: TenantName,
    /// The schema.
    pub schema: SchemaName,
    /// The role that it belongs to.
    pub owner: String,
    /// The role that it should belong to.
    pub usual: String,
    /// What in it belongs to the wrong role as well, as `ALTER` names it.
    pub objects: Vec<String>,
}
