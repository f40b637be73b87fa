//! Runs the workspace's test programs side by side.
//!
//! `cargo test` runs one program after the other. Ours wait for servers and browsers
//! more than they compute, so several at once end much sooner. Cargo says what to run:
//! it is given a runner for test programs that writes each call down instead of making
//! it ([`recorded`]), so that folder, arguments and environment are Cargo's own.

mod pool;
pub(crate) mod recorded;

use std::{ffi::OsString, io, path::PathBuf, process::Command};

use self::{pool::Job, recorded::Recording};
use crate::{cargo, console, failure::Failure};

/// The packages whose tests take longest. They are begun first, so that the last
/// program to end is not a long one that was begun late.
const LONGEST: [&str; 6] = [
    "tenant-core",
    "tenant-scripts",
    "tenant-studio",
    "local-postgres",
    "authoring-scripts",
    "fleet-bench",
];

/// A variable for the tests: its name and its value.
pub(crate) type Variable = (&'static str, OsString);

/// How many programs run at a time on a machine with `cores`: each has as many threads,
/// and most of them wait.
fn at_a_time(cores: usize) -> usize {
    cores + 1
}

/// Builds all tests, runs them, and prints what each program says when it ends.
/// `variables` are set for all of them.
///
/// # Errors
///
/// A build that fails, or tests that do: with Cargo's exit code for it.
pub(crate) fn run(variables: &[Variable]) -> Result<(), Failure> {
    let mut build = cargo::command("test");
    build.args(["--workspace", "--no-run"]);
    cargo::run(build)?;
    let mut jobs = programs(variables)?;
    jobs.push(documentation(variables));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let at_a_time = at_a_time(cores);
    console::note(&format!(
        "Running {} test programs, {at_a_time} at a time; each one's output follows when it ends ...",
        jobs.len()
    ));
    let failed = pool::run(jobs, at_a_time, &console::result);
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::Exit {
        code: cargo::TESTS_FAILED,
        message: format!(
            "error: tests failed in {} of the test programs: {}\n\
             hint: Run one test again.\n\
             \x20     cargo xtask test -- -p PACKAGE NAME_OF_THE_TEST",
            failed.len(),
            failed.join(", ")
        ),
    })
}

/// The test programs, the longest first.
fn programs(variables: &[Variable]) -> Result<Vec<Job>, Failure> {
    let recording = Recording::new().map_err(|error| {
        Failure::Failed(format!(
            "error: could not create a temporary folder: {error}"
        ))
    })?;
    let mut listing = cargo::command("test");
    listing.arg("--config").arg(recording.runner()?);
    listing.args(["--workspace", "--tests"]);
    cargo::run_unseen(listing)?;
    let calls = recording
        .calls()
        .map_err(|error| Failure::Failed(format!("error: could not list the tests: {error}")))?;
    if calls.is_empty() {
        return Err(Failure::Failed(
            "error: Cargo reported no test programs\n\
             hint: Run the tests one after the other.\n\
             \x20     cargo test --workspace"
                .to_owned(),
        ));
    }
    let mut jobs: Vec<Job> = calls
        .into_iter()
        .map(|call| {
            let name = call.name();
            let mut command = call.into_command();
            command.envs(variables.iter().cloned());
            Job { name, command }
        })
        .collect();
    jobs.sort_by_key(|job| rank(&job.name));
    Ok(jobs)
}

/// Its place in the order to begin in.
fn rank(name: &str) -> usize {
    let package = name.split(' ').next().unwrap_or_default();
    let found = LONGEST.iter().position(|longest| *longest == package);
    found.unwrap_or(LONGEST.len())
}

/// The examples in the documentation, which Cargo compiles and runs itself.
fn documentation(variables: &[Variable]) -> Job {
    let mut command: Command = cargo::command("test");
    command.args(["--workspace", "--doc"]);
    command.envs(variables.iter().cloned());
    Job {
        name: "examples in the documentation".to_owned(),
        command,
    }
}

/// A folder of this process's own for what need not outlive it, beside the programs
/// that Cargo has built: what is in it will be run.
fn temporary_folder() -> io::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let name = format!("test-programs-{}", std::process::id());
    Ok(this.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_longest_is_begun_first() {
        let mut names = [
            "xtask it",
            "fleet-bench it",
            "tenant-core it",
            "tenant-studio it",
        ];
        names.sort_by_key(|name| rank(name));
        assert_eq!(
            names,
            [
                "tenant-core it",
                "tenant-studio it",
                "fleet-bench it",
                "xtask it"
            ]
        );
    }

    #[test]
    fn a_single_core_runs_two_at_a_time() {
        assert_eq!(at_a_time(1), 2);
    }
}
