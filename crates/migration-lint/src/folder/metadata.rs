//! `metadata.toml`, as Diesel reads it.
//!
//! Diesel treats a file that it cannot parse as missing, and a file without the key as one that
//! says false. Both are reported.

use serde::Deserialize;

use crate::finding::Found;

/// What the file says.
pub(super) struct Metadata {
    /// Whether the migration runs in a transaction.
    pub(super) in_transaction: bool,
    /// What is wrong with the file.
    pub(super) found: Option<Found>,
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            in_transaction: true,
            found: None,
        }
    }
}

#[derive(Deserialize)]
struct Written {
    run_in_transaction: Option<bool>,
}

pub(super) fn read(text: &str) -> Metadata {
    let (in_transaction, message) = match toml::from_str::<Written>(text) {
        Ok(Written {
            run_in_transaction: Some(in_transaction),
        }) => (in_transaction, None),
        Ok(_) => (
            false,
            Some(
                "without the key `run_in_transaction`, Diesel runs the migration outside a \
                 transaction"
                    .into(),
            ),
        ),
        Err(error) => (
            true,
            Some(format!(
                "Diesel cannot read this file, so it runs the migration in a transaction: {}",
                error.message()
            )),
        ),
    };
    let found = message.map(|message: String| {
        Found::new(0, "bad-metadata", message)
            .hint("Write the key, or delete the file.\nrun_in_transaction = false")
    });
    Metadata {
        in_transaction,
        found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_as_diesel_reads_it() {
        for (text, in_transaction, is_fine) in [
            ("run_in_transaction = false", false, true),
            ("run_in_transaction = true\nother = 1", true, true),
            ("", false, false),
            ("run_in_transaction = \"no\"", true, false),
            ("run_in_transaction: false", true, false),
        ] {
            let metadata = read(text);
            assert_eq!(metadata.in_transaction, in_transaction, "{text}");
            assert_eq!(metadata.found.is_none(), is_fine, "{text}");
        }
    }
}
