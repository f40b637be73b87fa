//! The statements on `public.schema_tracker` that travel inside a tenant's
//! transaction.
//!
//! Only `name` must exist for reading; `version` and `migrated_at` are written
//! for display. Diesel's typed rows of the same table are `schema_public`'s;
//! a test holds the two together.

use crate::TenantName;
use crate::sql::literal;

/// The list of tenants, qualified and quoted.
pub(crate) const TABLE: &str = "public.schema_tracker";

/// An expression: whether the tenant has a row.
pub(crate) fn is_registered(name: &TenantName) -> String {
    let name = literal(name.as_str());
    format!("EXISTS (SELECT FROM {TABLE} WHERE name = {name})")
}

/// Registers a tenant at the version `newest`.
pub(crate) fn insert(name: &TenantName, newest: Option<&str>) -> String {
    let name = literal(name.as_str());
    let version = version_or_null(newest);
    format!("INSERT INTO {TABLE} (name, version, migrated_at) VALUES ({name}, {version}, now())")
}

/// Notes that a run has brought a tenant to the version `newest`. An older
/// migration that was applied late does not set the version back.
pub(crate) fn update(name: &TenantName, newest: Option<&str>) -> String {
    let name = literal(name.as_str());
    let version = version_or_null(newest);
    format!(
        "UPDATE {TABLE} SET version = greatest(version, {version}), migrated_at = now() \
         WHERE name = {name}"
    )
}

/// Takes a tenant out of the list.
pub(crate) fn delete(name: &TenantName) -> String {
    format!(
        "DELETE FROM {TABLE} WHERE name = {}",
        literal(name.as_str())
    )
}

fn version_or_null(version: Option<&str>) -> String {
    version.map_or_else(|| "NULL".to_owned(), literal)
}
