//! [`Cell`]: a value as it came from PostgreSQL, whatever bytes it has.
//!
//! A database in SQL_ASCII keeps bytes and does not know what they mean. They are shown as
//! UTF-8 where they are that, and else one by one: `\xe4`.

use std::error::Error;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

/// A value, or as much of it as is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    /// Some of its bytes are no UTF-8.
    Bytes(String),
    /// It takes this many bytes on disk, too many to convert it to text.
    Large(i64),
}

impl Cell {
    /// What is to be read.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Bytes(text) => Some(text),
            Self::Large(_) => None,
        }
    }

    /// The value itself, if this is it.
    pub(crate) fn exact(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bytes(_) | Self::Large(_) => None,
        }
    }
}

/// A text of an answer, as bytes.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(kind: &Type) -> bool {
        <&str as FromSql>::accepts(kind)
    }
}

/// How a byte is shown that is no letter.
const MARK: &str = "\\x";

/// These bytes as text, each that is no UTF-8 as two digits behind `mark`; and whether
/// there was none.
fn decoded(bytes: &[u8], mark: &str) -> (String, bool) {
    let mut text = String::with_capacity(bytes.len());
    let mut is_exact = true;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            is_exact = false;
            text.push_str(&format!("{mark}{byte:02x}"));
        }
    }
    (text, is_exact)
}

/// The text in the column `at`, for people.
pub(super) fn text(row: &Row, at: usize) -> Result<String, tokio_postgres::Error> {
    Ok(decoded(row.try_get::<_, Raw<'_>>(at)?.0, MARK).0)
}

/// The same where it can be NULL.
pub(super) fn some_text(row: &Row, at: usize) -> Result<Option<String>, tokio_postgres::Error> {
    marked_text(row, at, MARK)
}

/// The same with another mark before the digits of a byte.
pub(crate) fn marked_text(
    row: &Row,
    at: usize,
    mark: &str,
) -> Result<Option<String>, tokio_postgres::Error> {
    let raw = row.try_get::<_, Option<Raw<'_>>>(at)?;
    Ok(raw.map(|raw| decoded(raw.0, mark).0))
}

/// The texts of an array.
pub(super) fn texts(row: &Row, at: usize) -> Result<Vec<String>, tokio_postgres::Error> {
    let raw = row.try_get::<_, Vec<Raw<'_>>>(at)?;
    Ok(raw.iter().map(|raw| decoded(raw.0, MARK).0).collect())
}

/// The texts of an array some of which can be NULL.
pub(super) fn some_texts(
    row: &Row,
    at: usize,
) -> Result<Option<Vec<Option<String>>>, tokio_postgres::Error> {
    let raw = row.try_get::<_, Option<Vec<Option<Raw<'_>>>>>(at)?;
    let text = |raw: &Option<Raw<'_>>| raw.as_ref().map(|raw| decoded(raw.0, MARK).0);
    Ok(raw.map(|all| all.iter().map(text).collect()))
}

/// The value in the column `at`.
pub(super) fn cell(row: &Row, at: usize) -> Result<Option<Cell>, tokio_postgres::Error> {
    let raw = row.try_get::<_, Option<Raw<'_>>>(at)?;
    Ok(raw.map(|raw| match decoded(raw.0, MARK) {
        (text, true) => Cell::Text(text),
        (text, false) => Cell::Bytes(text),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_letters_are_shown_one_by_one() {
        for (bytes, text, exact) in [
            (&b"m\xc3\xa4h"[..], "mäh", true),
            (b"m\xe4h", "m\\xe4h", false),
            (b"\xc3", "\\xc3", false),
            (b"\xff\xfe", "\\xff\\xfe", false),
            (b"", "", true),
        ] {
            assert_eq!(decoded(bytes, "\\x"), (text.to_owned(), exact));
        }
    }
}
