//! [`UnfitRow`]: what the list of tenants says of a tenant's schema, and cannot be.

use thiserror::Error;

use crate::error::words::few;
use crate::{SchemaName, TenantName};

/// A tenant in the list with a schema that it cannot have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnfitRow {
    /// The list has the tenant without a schema.
    #[error("tenant `{name}` is listed without a schema")]
    NoSchema {
        /// The tenant.
        name: TenantName,
    },
    /// The list has the tenant with another schema than the given one.
    #[error(
        "tenant `{name}` cannot get the schema `{given}`: it is listed with the schema `{listed}`"
    )]
    OtherSchema {
        /// The tenant.
        name: TenantName,
        /// The schema in the list.
        listed: SchemaName,
        /// The given schema.
        given: SchemaName,
    },
    /// The list also gives the schema to other tenants.
    #[error("tenant `{name}` cannot have the schema `{schema}`: the list gives it to {}", few(.others))]
    Shared {
        /// The tenant.
        name: TenantName,
        /// The schema.
        schema: SchemaName,
        /// The others, by name.
        others: Vec<String>,
    },
    /// A row of the registry's table that is not a tenant, because it does not meet the condition
    /// [`Registry::only`](crate::Registry::only), has the schema.
    #[error(
        "tenant `{name}` cannot have the schema `{schema}`: rows that the registry's condition \
         excludes give it to {}", few(.others)
    )]
    Hidden {
        /// The tenant.
        name: TenantName,
        /// The schema.
        schema: SchemaName,
        /// The keys of these rows.
        others: Vec<String>,
    },
    /// The schema contains the registry's table.
    #[error("tenant `{name}` cannot have the schema `{schema}`: it contains the table {table}")]
    OfRegistry {
        /// The tenant.
        name: TenantName,
        /// The schema.
        schema: SchemaName,
        /// The table, as SQL text in backquotes.
        table: String,
    },
    /// The tenant's schema does not exist, but a schema with the tenant's name does. Perhaps the
    /// template for schema names has changed.
    #[error(
        "the tenant is registered, but its schema `{schema}` does not exist, although `{name}` does"
    )]
    Misnamed {
        /// The tenant.
        name: String,
        /// Its schema, by the template.
        schema: String,
    },
    /// The schema has the name of another tenant, whose own schema does not exist. Perhaps the
    /// template for schema names has changed.
    #[error(
        "the schema `{schema}` may not belong to tenant `{name}`: it has the name of tenant \
         `{other}`, whose own schema `{theirs}` does not exist"
    )]
    Doubtful {
        /// The tenant.
        name: String,
        /// Its schema, by the template.
        schema: String,
        /// The tenant with the name of this schema.
        other: String,
        /// The schema of that tenant, by the template.
        theirs: String,
    },
}

impl UnfitRow {
    /// Whether the tenant has no schema, as opposed to a shared one.
    #[must_use]
    pub fn lacks_schema(&self) -> bool {
        matches!(self, Self::NoSchema { .. } | Self::Misnamed { .. })
    }
}
