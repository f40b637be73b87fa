//! Runs a program to its end and collects its output.
//!
//! Use it only for programs that end. A daemon would keep the pipes open, and collecting its output
//! would wait for the daemon.

use std::error::Error as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::Error;

/// How many of the last lines of an output go into an error.
const LINES: usize = 20;

/// Runs the command with nothing to read and returns its standard output.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, Error> {
    finish(command.stdin(Stdio::null()))
}

/// Like [`output`], with the standard input that the caller has chosen.
pub(crate) fn finish(command: &mut Command) -> Result<Vec<u8>, Error> {
    let output = command
        .output()
        .map_err(Error::spawn(Path::new(command.get_program())))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let mut written = output.stdout;
    written.extend(output.stderr);
    Err(Error::Program {
        program: command.get_program().to_string_lossy().into_owned(),
        status: output.status,
        output: last_lines(&written),
    })
}

/// An error with its causes on one line, for a list of attempts.
pub(crate) fn reason(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The end of an output or of a log.
pub(crate) fn last_lines(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let start = lines.len().saturating_sub(LINES);
    lines.get(start..).unwrap_or_default().join("\n")
}
