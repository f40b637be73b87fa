//! The file of an exported tenant.
//!
//! The file is a tar file (POSIX ustar), so that `tar` and `zstd` can read it without this crate.
//! It contains, in this order:
//!
//! | member | contents |
//! | --- | --- |
//! | `manifest.json` | the [`Manifest`] |
//! | `data/0000/00000000.zst`, ... | rows of the first table of the manifest in parts, each a zstd frame of text in PostgreSQL's `COPY` format |
//! | `data/0001/00000000.zst`, ... | the same of the second table |
//! | `summary.json` | the [`Summary`]: rows, bytes and SHA-256 of each table |
//! | `end.sha256` | the SHA-256 of all bytes of the file before this member |
//!
//! A file without `end.sha256` was cut off. A reader reports that, and a changed byte, as an
//! [`ArchiveError`]. Parts are small, so a writer and a reader need a few megabytes whatever the
//! size of the tenant.

mod error;
mod manifest;
mod reader;
mod summary;
mod tar;
mod writer;

pub use error::ArchiveError;
pub use manifest::{
    Column, Definition, FORMAT, Manifest, MigrationEntry, Outside, Sequence, SequenceOf, Table,
};
pub use reader::{Part, Reader};
pub use summary::{Digest, Summary, TableSummary};
pub use writer::{PART, Writer};

/// The member with the manifest.
const MANIFEST: &str = "manifest.json";

/// The member with the summary.
const SUMMARY: &str = "summary.json";

/// The last member.
const END: &str = "end.sha256";
