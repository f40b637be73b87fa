//! [`ArchiveError`]: why a file cannot be read or written.

use std::io;

use thiserror::Error;

/// Why a file cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Reading or writing failed.
    #[error("could not {action} the archive")]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The reason.
        source: io::Error,
    },
    /// The file is something else.
    #[error("the file is not an exported tenant")]
    NotAnArchive,
    /// The file ends too early.
    #[error("the archive is cut off")]
    CutOff,
    /// The contents do not match a checksum, or the order of the format.
    #[error("the archive is damaged: {0}")]
    Damaged(String),
    /// A newer program has written the file.
    #[error("the archive has format {found}, and this program reads format {known} or older")]
    NewerFormat {
        /// The format of the file.
        found: u32,
        /// The newest format that this crate reads.
        known: u32,
    },
    /// A table is longer than the format allows, or the calls are out of order.
    #[error("the archive cannot be written: {0}")]
    Unwritable(&'static str),
}

impl ArchiveError {
    pub(crate) fn writing(source: io::Error) -> Self {
        Self::Io {
            action: "write",
            source,
        }
    }

    /// The file ends too early, or reading failed.
    pub(crate) fn reading(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => Self::CutOff,
            _ => Self::Io {
                action: "read",
                source,
            },
        }
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }
}
