//! The one file of this crate that writes to the terminal.

use std::io::{ErrorKind, Write, stderr, stdout};

/// Writes a result to standard output.
pub(crate) fn result(text: &str) -> anyhow::Result<()> {
    match writeln!(stdout().lock(), "{}", text.trim_end()) {
        // Whoever read it has seen enough, for example `head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Says on standard error what goes on.
pub(crate) fn note(text: &str) {
    // There is nobody left to tell when this fails.
    let _ = writeln!(stderr().lock(), "{text}");
}
