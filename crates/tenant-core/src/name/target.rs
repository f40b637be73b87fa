//! [`Target`]: a tenant and its schema; and [`Entry`]: what one of the lists has.

use super::{Schema, SchemaName, TenantName};

/// A tenant, and the schema that it has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Target {
    /// What the tenant is called: in the list of tenants, and by people.
    pub(crate) name: TenantName,
    /// Where its tables are.
    pub(crate) schema: SchemaName,
}

/// A schema that one of the lists has: the tenants' or the spares'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A tenant.
    Tenant(Target),
    /// A schema without a tenant.
    Spare(SchemaName),
}

impl Entry {
    /// The schema, by what it is for.
    pub(crate) fn schema(&self) -> Schema<'_> {
        match self {
            Self::Tenant(target) => Schema::Tenant(target),
            Self::Spare(name) => Schema::Spare(name),
        }
    }

    /// What the schema is called.
    pub(crate) fn schema_name(&self) -> &SchemaName {
        match self {
            Self::Tenant(Target { schema, .. }) | Self::Spare(schema) => schema,
        }
    }

    /// What its list calls it: see [`Schema::key`].
    pub(crate) fn key(&self) -> &str {
        self.schema().key()
    }
}
