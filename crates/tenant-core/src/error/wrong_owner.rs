//! [`WrongOwner`]: a tenant whose schema was handed to another role.

use crate::{SchemaName, TenantName};

/// A tenant whose schema is owned by another role than its objects, or than most tenants' schemas.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[error("the schema of tenant `{name}` is owned by `{owner}` instead of `{usual}`")]
pub struct WrongOwner {
    /// The tenant.
    pub name: TenantName,
    /// The schema.
    pub schema: SchemaName,
    /// The owner.
    pub owner: String,
    /// The expected owner.
    pub usual: String,
    /// The objects in it with the wrong owner, as `ALTER` names them.
    pub objects: Vec<String>,
}
