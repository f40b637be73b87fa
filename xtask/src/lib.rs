//! The repository's own commands, run as `cargo xtask ALIAS`.
//!
//! Most aliases start a program of another package and get out of its way; the
//! others drive Cargo over the whole workspace. This crate depends
//! on nothing but the standard library and reaches the other crates only by
//! running them, so that it compiles in a second or two.
//!
//! It is a library with a thin program around it, so that the repository's own
//! tests can read the table of aliases in [`alias`].

pub mod alias;
mod cargo;
mod checks;
mod console;
mod failure;
mod forward;
mod help;
mod needs;
mod published;
mod test_programs;
mod tests_command;
mod workspace;

use std::{ffi::OsString, process::ExitCode};

use crate::{
    alias::{Alias, Task},
    failure::Failure,
};

/// Runs `cargo xtask` with `arguments`, which do not include the program's own
/// name, and returns the code to exit with.
///
/// A command that ends in Cargo or in one of the scripts does not come back:
/// this process becomes that program, and the exit code is its own.
#[must_use]
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    match dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console::note(&failure.to_string());
            failure.exit_code()
        }
    }
}

fn dispatch(mut arguments: Vec<OsString>) -> Result<(), Failure> {
    if arguments.is_empty() {
        return Err(Failure::Usage(help::overview()));
    }
    let word = arguments.remove(0);
    let word = word.to_string_lossy();
    if help::is_asked_by(&word) {
        console::result(&help::overview());
        return Ok(());
    }
    if word == test_programs::recorded::WORD {
        return test_programs::recorded::record(arguments);
    }
    let alias = alias::find(&word).ok_or_else(|| help::unknown(&word))?;
    start(alias, arguments)
}

fn start(alias: &Alias, arguments: Vec<OsString>) -> Result<(), Failure> {
    match alias.task {
        Task::Run(program) => Err(forward::run(program, arguments)),
        Task::Measure(program) => Err(forward::run_fast(program, arguments)),
        Task::OneTenant(program) => Err(forward::run(program, forward::only_one(arguments)?)),
        Task::Typecheck => checks::typecheck(alias, &arguments),
        Task::Tidy => checks::tidy(alias, &arguments),
        Task::Book => checks::book(alias, &arguments),
        Task::Reference => checks::reference(alias, &arguments),
        Task::Test => tests_command::run(alias, arguments),
        Task::Package => published::package(alias, &arguments),
        Task::MinimalVersions => published::minimal_versions(alias, &arguments),
        Task::Semver => published::semver(alias, &arguments),
    }
}
