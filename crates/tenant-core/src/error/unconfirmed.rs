//! [`Unconfirmed`]: the application's list does not agree with what was done.

use thiserror::Error;

use crate::{SchemaName, TenantName};

/// The expected state of the application's list at the end of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// It has the tenant, with its schema.
    Listed,
    /// It no longer has the tenant.
    Gone,
    /// It no longer has the old name of the tenant.
    Renamed,
}

/// The application's list of tenants does not have the expected state at the end of a transaction:
/// see [`Registry::query`](crate::Registry::query).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", words(self))]
#[non_exhaustive]
pub struct Unconfirmed {
    /// The tenant.
    pub name: TenantName,
    /// Its schema.
    pub schema: SchemaName,
    /// The expected state.
    pub expected: Expected,
}

fn words(it: &Unconfirmed) -> String {
    let Unconfirmed {
        name,
        schema,
        expected,
    } = it;
    match expected {
        Expected::Listed => format!(
            "tenant `{name}`: the list of tenants does not give it the schema `{schema}`, and \
             everything was rolled back"
        ),
        Expected::Gone => format!(
            "tenant `{name}`: the list of tenants still has it, or another tenant with the schema \
             `{schema}`, and everything was rolled back"
        ),
        Expected::Renamed => format!(
            "tenant `{name}`: the list of tenants still has this name, or another tenant with \
             the schema `{schema}`, and everything was rolled back"
        ),
    }
}
