//! The beginning of a value, cut by PostgreSQL before it is made a text.
//!
//! A value can have a gigabyte. Of texts and bytes PostgreSQL reads no more of the disk
//! than the beginning. Values of other types are read and written as a whole: those that
//! take much room are not, and their size is shown instead.

use tokio_postgres::Row;

use super::text::{Cell, cell};
use crate::words::bytes;

/// How the values of a type are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// In few bytes.
    Fixed,
    /// As their text.
    Text,
    Bytes,
    Bits,
    /// In another way: only the type knows where a part of the value is.
    Whole,
}

/// How much is wanted of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) letters: usize,
    /// How many bytes on the disk a value may take that can only be read as a whole. It
    /// can be compressed to a hundredth there.
    stored: i64,
}

impl Extent {
    /// As much as stands beside others.
    pub(crate) const fn of(letters: usize) -> Self {
        let stored = 256 * 1024;
        Self { letters, stored }
    }

    /// As much as stands alone.
    pub(crate) const fn alone(letters: usize) -> Self {
        let stored = 16 * 1024 * 1024;
        Self { letters, stored }
    }

    /// All of it.
    pub(crate) const ALL: Self = Self {
        letters: i32::MAX as usize - 1,
        stored: i64::MAX,
    };
}

/// A value to be read.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// As SQL.
    pub(crate) value: String,
    pub(crate) storage: Storage,
}

impl Storage {
    pub(super) fn of(word: &str) -> Self {
        match word {
            "fixed" => Self::Fixed,
            "text" => Self::Text,
            "bytes" => Self::Bytes,
            "bits" => Self::Bits,
            _ => Self::Whole,
        }
    }
}

impl Source {
    /// The beginning as SQL: at least one letter more than is wanted, where there are
    /// more. `is_bytes` is for databases in which each byte is a letter.
    pub(super) fn cut(&self, extent: Extent, is_bytes: bool) -> String {
        let Self { value, storage } = self;
        let letters = extent.letters.saturating_mul(if is_bytes { 4 } else { 1 });
        let letters = letters.saturating_add(1).min(i32::MAX as usize);
        let text = format!("pg_catalog.left({value}::pg_catalog.text, {letters})");
        match storage {
            Storage::Fixed | Storage::Text => text,
            // Two digits for each.
            Storage::Bytes => format!(
                "'\\x'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.encode( \
                 pg_catalog.substring({value}::pg_catalog.bytea, 1, {}), 'hex')",
                extent.letters.div_ceil(2)
            ),
            Storage::Bits => {
                format!("pg_catalog.substring({value}, 1, {letters})::pg_catalog.text")
            }
            // The first letter says which of both it is.
            Storage::Whole => format!(
                "CASE WHEN pg_catalog.pg_column_size({value})::pg_catalog.int8 \
                    OPERATOR(pg_catalog.<=) {}::pg_catalog.int8 \
                 THEN '='::pg_catalog.text OPERATOR(pg_catalog.||) {text} \
                 ELSE '#'::pg_catalog.text OPERATOR(pg_catalog.||) \
                    pg_catalog.pg_column_size({value})::pg_catalog.text END",
                extent.stored
            ),
        }
    }

    /// What came for [`cut`](Self::cut) in the column `at`.
    pub(super) fn read(&self, row: &Row, at: usize) -> Result<Option<Cell>, tokio_postgres::Error> {
        let cell = cell(row, at)?;
        Ok(match self.storage {
            Storage::Whole => cell.map(unmarked),
            _ => cell,
        })
    }
}

impl Storage {
    /// What came for [`Source::cut`], as it is shown beside others: at most `letters`.
    pub(super) fn shown(self, text: String, letters: usize) -> String {
        let cell = match self {
            Self::Whole => unmarked(Cell::Text(text)),
            _ => Cell::Text(text),
        };
        match cell {
            Cell::Large(size) => format!("({} stored)", bytes(size)),
            Cell::Text(text) | Cell::Bytes(text) => text.chars().take(letters).collect(),
        }
    }
}

fn unmarked(cell: Cell) -> Cell {
    let rest = |text: &str| text.get(1..).unwrap_or_default().to_owned();
    match &cell {
        Cell::Text(text) if text.starts_with('#') => Cell::Large(rest(text).parse().unwrap_or(0)),
        Cell::Text(text) => Cell::Text(rest(text)),
        Cell::Bytes(text) => Cell::Bytes(rest(text)),
        Cell::Large(_) => cell,
    }
}
