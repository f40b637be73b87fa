//! The schemas that statements name, and the table that each of them has.
//!
//! How a name becomes SQL text is a matter of the crate `sql_text`.

pub(crate) use sql_text::{ident, literal};

use crate::TenantName;

/// Diesel's own table of applied migrations, one in each schema.
pub(crate) const LEDGER: &str = "__diesel_schema_migrations";

/// A schema that migrations are applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema<'a> {
    /// What exists once.
    Public,
    /// What exists for each tenant.
    Tenant(&'a TenantName),
    /// What is ready to become a tenant's, and is nobody's yet.
    Spare(&'a TenantName),
    /// What the tenants' migrations are tried in, and is never committed.
    Rehearsal(&'a TenantName),
}

impl<'a> Schema<'a> {
    /// The schema's name, unquoted.
    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Public => "public",
            Self::Tenant(name) | Self::Spare(name) | Self::Rehearsal(name) => name.as_str(),
        }
    }

    /// The schema's name, quoted.
    pub(crate) fn ident(self) -> String {
        ident(self.name())
    }

    /// The schema's table of applied migrations, qualified and quoted.
    pub(crate) fn ledger(self) -> String {
        format!("{}.{}", self.ident(), ident(LEDGER))
    }
}

impl std::fmt::Display for Schema<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Public => formatter.write_str("the public schema"),
            Self::Tenant(name) => write!(formatter, "tenant `{name}`"),
            Self::Spare(name) => write!(formatter, "spare schema `{name}`"),
            // Its name is made up, and says nothing to anybody.
            Self::Rehearsal(_) => formatter.write_str("a rehearsal of the migrations"),
        }
    }
}
