//! Numbers as arguments have them.

use std::num::NonZeroUsize;

/// Reads a number of at least 1, such as that of `--jobs`.
///
/// # Errors
///
/// In words: it is none.
///
/// ```
/// assert!(command_line::at_least_one("8").is_ok());
/// assert!(command_line::at_least_one("0").is_err());
/// ```
pub fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse();
    number.map_err(|_| "it must be a whole number, at least 1".to_owned())
}
