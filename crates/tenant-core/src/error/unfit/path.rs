//! [`UnfitPath`]: a schema that cannot be behind the tenants' own in the path.

use thiserror::Error;

/// A schema that cannot follow the tenants' schemas in the search path: see
/// [`RuntimePath`](crate::RuntimePath).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the schema `{schema}` cannot follow the tenants' schemas in the search path: {fault}")]
#[non_exhaustive]
pub struct UnfitPath {
    /// The schema.
    pub schema: String,
    /// The reason.
    pub fault: PathFault,
}

/// Why a schema cannot follow the tenants' schemas.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathFault {
    /// It does not exist. PostgreSQL would skip it without an error.
    #[error("it does not exist")]
    Missing,
    /// It belongs to a tenant, and every tenant would read it.
    #[error("it is the schema of tenant `{0}`")]
    Tenant(String),
    /// It is a spare, and will become a tenant's schema.
    #[error("it is a spare, reserved for a new tenant")]
    Spare,
}
