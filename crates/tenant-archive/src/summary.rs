//! [`Summary`]: rows, bytes and checksums, which are known only after the rows.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What a file contains, by table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// In the order of the manifest.
    pub tables: Vec<TableSummary>,
    /// The rows of all tables.
    pub rows: u64,
    /// The bytes of all rows before compression.
    pub bytes: u64,
}

/// The rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSummary {
    /// How many rows.
    pub rows: u64,
    /// Their bytes before compression.
    pub bytes: u64,
    /// The SHA-256 of these bytes, in hexadecimal digits.
    pub sha256: String,
}

/// Counts and hashes the rows of one table.
#[derive(Debug, Clone, Default)]
pub struct Digest {
    hash: Sha256,
    rows: u64,
    bytes: u64,
}

impl Digest {
    /// Adds bytes in PostgreSQL's text format of `COPY`, where a line feed ends each row and is
    /// never part of a value.
    pub fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
        self.rows += ends as u64;
        self.bytes += bytes.len() as u64;
    }

    /// Returns what was added.
    #[must_use]
    pub fn finish(self) -> TableSummary {
        TableSummary {
            rows: self.rows,
            bytes: self.bytes,
            sha256: hex(&self.hash.finalize()),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
