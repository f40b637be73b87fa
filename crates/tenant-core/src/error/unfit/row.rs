//! [`UnfitRow`]: what the list of tenants says of a tenant's schema, and cannot be.

use thiserror::Error;

use crate::error::words::few;
use crate::{SchemaName, TenantName};

/// What the list of tenants says of a tenant's schema, and cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnfitRow {
    /// The list has the tenant, and says no schema.
    #[error("tenant `{name}` is listed without a schema")]
    NoSchema {
        /// The tenant.
        name: TenantName,
    },
    /// The list has the tenant with another schema than the one that it was to be given.
    #[error(
        "tenant `{name}` cannot get the schema `{given}`: it is listed with the schema `{listed}`"
    )]
    OtherSchema {
        /// The tenant.
        name: TenantName,
        /// What the list says.
        listed: SchemaName,
        /// What it was to be given.
        given: SchemaName,
    },
    /// The list gives the schema to other tenants as well.
    #[error("tenant `{name}` cannot have the schema `{schema}`: the list gives it to {}", few(.others))]
    Shared {
        /// The tenant.
        name: TenantName,
        /// The schema.
        schema: SchemaName,
        /// The others, by name.
        others: Vec<String>,
    },
    /// The tenant's schema does not exist, and one that is called like the tenant does: perhaps
    /// the template for schema names was changed after the tenant was created.
    #[error(
        "the tenant is registered, but its schema `{schema}` does not exist, although `{name}` does"
    )]
    Misnamed {
        /// The tenant.
        name: String,
        /// Its schema, by the template.
        schema: String,
    },
    /// The schema is called like another tenant, whose own schema does not exist: perhaps the
    /// template for schema names was changed after the tenants were created.
    #[error(
        "the schema `{schema}` may not belong to tenant `{name}`: it has the name of tenant \
         `{other}`, whose own schema `{theirs}` does not exist"
    )]
    Doubtful {
        /// The tenant.
        name: String,
        /// Its schema, by the template.
        schema: String,
        /// The tenant that is called like this schema.
        other: String,
        /// The schema of that tenant, by the template.
        theirs: String,
    },
}

impl UnfitRow {
    /// Whether the tenant has no schema, and not one that is another's too.
    #[must_use]
    pub fn lacks_schema(&self) -> bool {
        matches!(self, Self::NoSchema { .. } | Self::Misnamed { .. })
    }
}
