//! [`UnfitPath`]: a schema that cannot be behind the tenants' own in the path.

use thiserror::Error;

/// A schema that is named behind the tenants' own, and cannot be there: see
/// [`RuntimePath`](crate::RuntimePath).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the schema `{schema}` cannot follow the tenants' schemas in the search path: {fault}")]
#[non_exhaustive]
pub struct UnfitPath {
    /// The schema.
    pub schema: String,
    /// Why it cannot be there.
    pub fault: PathFault,
}

/// Why a schema cannot be behind the tenants' own.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathFault {
    /// PostgreSQL skips it without an error, and names lead elsewhere.
    #[error("it does not exist")]
    Missing,
    /// Every tenant would read what is in this one's.
    #[error("it is the schema of tenant `{0}`")]
    Tenant(String),
    /// It becomes a tenant's when one is created.
    #[error("it is a spare, reserved for a new tenant")]
    Spare,
}
