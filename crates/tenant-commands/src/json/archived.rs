//! What documents about a tenant's file share.

use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::TableRows;

/// A table in a tenant's file.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ArchivedTable")]
pub(crate) struct TableDetail<'a> {
    /// Name of the table.
    table: &'a str,
    /// Number of rows.
    rows: u64,
    /// Size of the rows before compression, in bytes.
    bytes: u64,
}

impl<'a> TableDetail<'a> {
    pub(crate) fn of(table: &'a TableRows) -> Self {
        Self {
            table: &table.table,
            rows: table.rows,
            bytes: table.bytes,
        }
    }
}
