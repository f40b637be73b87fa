//! What a test tells past the test harness, which would keep it back.

use std::io::Write;

/// Says that a test did not run, and why.
pub fn say_not_run(why: &str) {
    say(&format!("NOT RUN: {why}\n"));
}

/// Writes straight to the stream. A closed stream is ignored.
pub(crate) fn say(text: &str) {
    drop(std::io::stderr().write_all(text.as_bytes()));
}
