//! What is told of a tenant that is exported or imported.

use tenant_archive::Outside;

use crate::{SchemaName, TenantName, Version};

/// The progress of an export or an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchiveProgress<'a> {
    /// The table whose rows are copied now.
    pub table: &'a str,
    /// Its number, from 1.
    pub number: usize,
    /// How many tables there are.
    pub tables: usize,
    /// How many bytes of rows are copied so far, of all tables and before compression.
    pub bytes: u64,
}

impl<'a> ArchiveProgress<'a> {
    /// Creates the value. For tests of programs that show progress.
    #[must_use]
    pub fn new(table: &'a str, (number, tables): (usize, usize), bytes: u64) -> Self {
        Self {
            table,
            number,
            tables,
            bytes,
        }
    }
}

/// The rows of a table in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableRows {
    /// The table.
    pub table: String,
    /// How many rows.
    pub rows: u64,
    /// How many bytes they have in the `COPY` format.
    pub bytes: u64,
}

/// An exported tenant.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exported {
    /// The tenant.
    pub name: TenantName,
    /// Its schema.
    pub schema: SchemaName,
    /// The moment of which all rows are, as PostgreSQL writes it in UTC.
    pub exported_at: String,
    /// The newest applied migration.
    pub version: Option<Version>,
    /// The tables, by name.
    pub tables: Vec<TableRows>,
    /// The rows of all tables.
    pub rows: u64,
    /// Their bytes before compression.
    pub bytes: u64,
    /// The bytes of the file.
    pub file_bytes: u64,
    /// What the tenant refers to outside its schema. The file does not contain these objects.
    pub outside: Vec<Outside>,
}
