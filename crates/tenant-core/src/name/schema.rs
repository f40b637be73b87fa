//! [`Schema`]: a schema by what it is for, and the table that each of them has.

use std::fmt;

use sql_text::ident;

use super::{SchemaName, Target};

/// Diesel's own table of applied migrations, one in each schema.
pub const MIGRATION_HISTORY: &str = "__diesel_schema_migrations";

/// What the name of a scratch database begins with; 16 hexadecimal digits follow.
pub(crate) const REHEARSAL_PREFIX: &str = "_rehearsal_";

/// A schema that migrations are applied to.
///
/// It answers to three names, which differ in what they are for: see
/// [`schema_name`](Self::schema_name), [`key`](Self::key) and
/// [`lock_text`](Self::lock_text).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema<'a> {
    /// What exists once.
    Public,
    /// What exists for each tenant.
    Tenant(&'a Target),
    /// A spare schema, without a tenant.
    Spare(&'a SchemaName),
    /// What the tenants' migrations are tried in, and is never committed.
    Rehearsal(&'a SchemaName),
}

impl<'a> Schema<'a> {
    /// What PostgreSQL calls it, unquoted: for statements and for the catalog.
    pub(crate) fn schema_name(self) -> &'a str {
        self.own_name().map_or("public", SchemaName::as_str)
    }

    /// The same, unless it is the public schema.
    pub(crate) fn own_name(self) -> Option<&'a SchemaName> {
        match self {
            Self::Public => None,
            Self::Tenant(Target { schema: name, .. })
            | Self::Spare(name)
            | Self::Rehearsal(name) => Some(name),
        }
    }

    /// The schema's name, quoted.
    pub(crate) fn ident(self) -> String {
        ident(self.schema_name())
    }

    /// Its key in the list and in reports: the tenant's name. A spare has no tenant and is listed
    /// by its schema's name.
    pub(crate) fn key(self) -> &'a str {
        match self {
            Self::Tenant(target) => target.name.as_str(),
            Self::Public | Self::Spare(_) | Self::Rehearsal(_) => self.schema_name(),
        }
    }

    /// The text whose hash is the key of its advisory lock.
    ///
    /// The lock is on the schema's name, not the tenant's. Work that must not run twice at once is
    /// work on the schema, and a spare is locked before it has a tenant. The text must not change,
    /// so that programs of different versions exclude each other.
    pub(crate) fn lock_text(self) -> String {
        format!("diesel-tenants:{}", self.schema_name())
    }

    /// The schema's table of applied migrations, qualified and quoted.
    pub(crate) fn ledger(self) -> String {
        format!("{}.{}", self.ident(), ident(MIGRATION_HISTORY))
    }
}

impl fmt::Display for Schema<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => formatter.write_str("the public schema"),
            Self::Tenant(target) => write!(formatter, "tenant `{}`", target.name),
            Self::Spare(name) => write!(formatter, "spare schema `{name}`"),
            // Its name is made up, and says nothing to anybody.
            Self::Rehearsal(_) => formatter.write_str("a trial run of the migrations"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_listed_by_its_name_and_locked_by_its_schema() {
        let target = Target {
            name: "big_bang".parse().unwrap(),
            schema: "org_big-bang".parse().unwrap(),
        };
        let tenant = Schema::Tenant(&target);
        assert_eq!(tenant.key(), "big_bang");
        assert_eq!(tenant.ident(), "\"org_big-bang\"");
        assert_eq!(tenant.lock_text(), "diesel-tenants:org_big-bang");
        assert_eq!(tenant.to_string(), "tenant `big_bang`");
        // A spare that becomes this tenant's is locked under its own name.
        let spare = Schema::Spare(&target.schema);
        assert_eq!(
            (spare.key(), spare.lock_text()),
            ("org_big-bang", tenant.lock_text())
        );
        assert_eq!(Schema::Public.lock_text(), "diesel-tenants:public");
    }
}
