//! Starting Cargo.
//!
//! This process *becomes* Cargo (`exec`), which in turn becomes the program it
//! runs. So there is one process from the terminal's point of view: Ctrl-C
//! reaches the program once, its exit code is ours without translation, and a
//! program that a signal ended looks that way to the shell (128 + signal).
//! `exec` exists on Unix only, and so does the server the scripts start. Only where
//! several calls make one command does this process stay, and wait for each.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::process::CommandExt as _,
    process::{Command, ExitStatus},
};

use crate::{failure::Failure, workspace};

/// Cargo's exit code when tests fail.
pub(crate) const TESTS_FAILED: u8 = 101;

/// `cargo SUBCOMMAND` on this workspace. The user's working directory is kept,
/// so that relative paths among the arguments keep their meaning.
pub(crate) fn command(subcommand: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command
        .arg(subcommand)
        .arg("--manifest-path")
        .arg(workspace::root().join("Cargo.toml"));
    for (name, _) in std::env::vars_os() {
        if describes_this_package(&name) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether `cargo run` set the variable to describe *this* package.
///
/// Such variables must not reach the next Cargo: some build scripts ask to be
/// run again when one of them changes (that of `ring` names a dozen), and half
/// the workspace would be rebuilt at each change between `cargo xtask` and a
/// plain `cargo run`.
fn describes_this_package(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// Runs `command`, whose words the user sees, to its end.
///
/// # Errors
///
/// It cannot be started, or it fails: with its exit code, and nothing to add.
pub(crate) fn run(mut command: Command) -> Result<(), Failure> {
    let status = command.status();
    let status = status.map_err(|error| not_started(&command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::Exit {
        code: code_of(status),
        message: String::new(),
    })
}

/// Runs `command` to its end; its words are shown only when it fails.
///
/// # Errors
///
/// It cannot be started, or it fails: with its exit code.
pub(crate) fn run_unseen(mut command: Command) -> Result<(), Failure> {
    let output = command.output();
    let output = output.map_err(|error| not_started(&command, &error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::Exit {
        code: code_of(output.status),
        message: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The exit code; that of failed tests where a signal ended the program.
fn code_of(status: ExitStatus) -> u8 {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.unwrap_or(TESTS_FAILED)
}

/// Becomes `command`; comes back only when it cannot be started.
pub(crate) fn become_it(mut command: Command) -> Failure {
    let error = command.exec();
    not_started(&command, &error)
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    let program = command.get_program().display();
    Failure::Failed(format!(
        "error: could not start `{program}`: {error}\n\
         hint: Install Rust with Cargo, or correct the variable CARGO."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_about_this_package_is_not_handed_on() {
        for name in [
            "CARGO_PKG_NAME",
            "CARGO_MANIFEST_DIR",
            "CARGO_PRIMARY_PACKAGE",
        ] {
            assert!(describes_this_package(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn what_the_user_tells_cargo_is_handed_on() {
        for name in [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_JOBS",
            "CARGO_NET_OFFLINE",
        ] {
            assert!(!describes_this_package(OsStr::new(name)), "{name}");
        }
    }
}
