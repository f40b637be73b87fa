//! The terminal: the one file of this crate that writes to it.
//!
//! A reader that has gone away (`cargo xtask --help | head -1`) is no reason to
//! fail, so errors while writing are dropped.

use std::io::Write as _;

/// Writes what the user asked for to standard output.
pub(crate) fn result(text: &str) {
    drop(writeln!(std::io::stdout().lock(), "{}", text.trim_end()));
}

/// Writes everything else (progress, announcements, errors) to standard error.
pub(crate) fn note(text: &str) {
    if text.is_empty() {
        return;
    }
    drop(writeln!(std::io::stderr().lock(), "{}", text.trim_end()));
}
