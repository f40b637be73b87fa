//! A stand-in for Cargo, so that the tests see what `xtask` would have Cargo do
//! without any building.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// A folder with a script for each of Cargo's commands.
///
/// `CARGO` is a shell, which takes its first argument, the command, for the
/// name of a script in its working directory. A program of our own could not be
/// started reliably: while a test writes it, another test's child process may
/// hold it open ("text file busy").
pub(crate) struct FakeCargo {
    folder: tempfile::TempDir,
}

impl FakeCargo {
    /// A Cargo that carries out `script`, whatever its command.
    pub(crate) fn that_runs(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for command in ["check", "package", "run", "semver-checks", "test"] {
            fs::write(folder.path().join(command), script).unwrap();
        }
        Self { folder }
    }

    /// A Cargo that prints its arguments, one to a line.
    pub(crate) fn that_prints_its_arguments() -> Self {
        Self::that_runs(r#"printf '%s\n' "$0" "$@""#)
    }

    /// `xtask` with these arguments, in the folder of the stand-in.
    pub(crate) fn xtask(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(arguments)
            .env("CARGO", "/bin/sh")
            .current_dir(self.folder());
        command
    }

    /// Runs it.
    pub(crate) fn output_of(&self, arguments: &[&str]) -> Output {
        self.xtask(arguments).output().unwrap()
    }

    /// The folder it runs in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// What a program wrote to standard output.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a program wrote to standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
