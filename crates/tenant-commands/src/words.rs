//! Words that several commands use.

use tenant_core::{SchemaName, TenantName};

/// The tenant's name in backquotes, with its schema where that is called differently.
pub(crate) fn with_schema(name: &TenantName, schema: &SchemaName) -> String {
    if name.as_str() == schema.as_str() {
        format!("`{name}`")
    } else {
        format!("`{name}` (schema `{schema}`)")
    }
}
