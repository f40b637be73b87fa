//! What is told of a tenant that is exported or imported.

use tenant_archive::{Outside, TableSummary};

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

impl TableRows {
    pub(crate) fn new(table: &str, summary: &TableSummary) -> Self {
        Self {
            table: table.to_owned(),
            rows: summary.rows,
            bytes: summary.bytes,
        }
    }
}

/// An imported tenant.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Imported {
    /// The new tenant.
    pub name: TenantName,
    /// Its schema.
    pub schema: SchemaName,
    /// The name of the tenant in the archive.
    pub from: String,
    /// The moment of which all rows are, as PostgreSQL writes it in UTC.
    pub exported_at: String,
    /// The tables, by name.
    pub tables: Vec<TableRows>,
    /// The rows of all tables.
    pub rows: u64,
    /// The migrations that the archive lacked and that were applied, oldest first.
    pub applied: Vec<Version>,
    /// The migrations whose text is another one in this program, oldest first. The definition is
    /// nevertheless the same.
    pub edited: Vec<Version>,
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
