//! One function for each program: from the arguments of the process to its exit code.
//!
//! The body of an async function is generated where it is polled. These functions are
//! not generic, so that this is here, once for all programs: a program is a call.

use std::process::ExitCode;

use crate::commands::{Completions, Studio};

/// Runs [`Completions`] from the arguments of the process.
#[must_use]
pub fn completions() -> ExitCode {
    command_line::run::<Completions>()
}

/// Runs [`Studio`] from the arguments of the process.
#[must_use]
pub fn studio() -> ExitCode {
    command_line::run::<Studio>()
}
