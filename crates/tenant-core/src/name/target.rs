//! [`Target`]: a tenant and its schema; [`Naming`]: which schema is whose; and
//! [`Entry`]: what one of the lists has.

use super::{Schema, SchemaName, TenantName};

/// A tenant, and the schema that it has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// What the tenant is called: in the list of tenants, and by people.
    pub(crate) name: TenantName,
    /// Where its tables are.
    pub(crate) schema: SchemaName,
}

/// Which schema is whose. Everything that goes from one name to the other asks this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Naming {
    /// A schema is called as its tenant.
    #[default]
    Same,
}

impl Naming {
    /// The schema of the tenant `name`.
    pub(crate) fn schema_of(self, name: &TenantName) -> SchemaName {
        match self {
            Self::Same => SchemaName::same_as(name),
        }
    }

    /// The tenant whose schema is called `schema`, if one's can be.
    pub(crate) fn tenant_of(self, schema: &SchemaName) -> Option<TenantName> {
        match self {
            Self::Same => schema.as_str().parse().ok(),
        }
    }

    /// The tenant `name` with its schema.
    pub(crate) fn target(self, name: &TenantName) -> Target {
        Target {
            name: name.clone(),
            schema: self.schema_of(name),
        }
    }
}

/// A schema that one of the lists has: the tenants' or the spares'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A tenant.
    Tenant(Target),
    /// A schema that is nobody's yet.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_that_no_tenant_can_be_called_like_is_emptys() {
        let schema = |text: &str| text.parse::<SchemaName>().unwrap();
        let acme = "acme".parse::<TenantName>().unwrap();
        assert_eq!(Naming::Same.tenant_of(&schema("acme")), Some(acme.clone()));
        assert_eq!(Naming::Same.target(&acme).schema, schema("acme"));
        assert_eq!(Naming::Same.tenant_of(&schema("big-bang")), None);
    }
}
