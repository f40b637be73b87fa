//! Another PostgreSQL than the one this machine would be searched for.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use super::{POSTGRESQL, find::holds};
use crate::failure::Failure;

/// The variable through which the tests, and the servers that they start, are told
/// where the programs are.
pub(super) const VARIABLE: &str = "PG_BIN";

/// The PostgreSQL to test with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    folder: PathBuf,
    version: String,
}

impl Chosen {
    /// The PostgreSQL whose programs are in `folder`, or in its `bin`.
    ///
    /// # Errors
    /// They are in neither, or the server's program does not run.
    pub(crate) fn in_folder(folder: PathBuf) -> Result<Self, Failure> {
        let both = [folder.join("bin"), folder.clone()];
        let Some(found) = both.iter().find(|folder| holds(folder, &POSTGRESQL)) else {
            return Err(Failure::Failed(format!(
                "error: neither `{}` nor its folder `bin` contains {}",
                folder.display(),
                POSTGRESQL.name
            )));
        };
        let version = version(found).map_err(|reason| {
            Failure::Failed(format!(
                "error: could not use the PostgreSQL in `{}`: {reason}",
                found.join("postgres").display()
            ))
        })?;
        // The tests run in other folders than this command.
        let folder = std::path::absolute(found).unwrap_or_else(|_| found.clone());
        Ok(Self { folder, version })
    }

    /// What the tests are given.
    pub(crate) fn variable(&self) -> (&'static str, OsString) {
        (VARIABLE, self.folder.clone().into_os_string())
    }

    /// What is said before the tests.
    pub(crate) fn announcement(&self) -> String {
        format!("{} in {}", self.version, self.folder.display())
    }
}

/// What the server's program says of itself, such as `postgres (PostgreSQL) 17.2`.
fn version(folder: &Path) -> Result<String, String> {
    let mut program = Command::new(folder.join("postgres"));
    let output = program.arg("--version").output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(if said.is_empty() {
        format!("it exited with {}", output.status)
    } else {
        said
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn with_programs(bin: &Path, server: &str) {
        fs::create_dir_all(bin).unwrap();
        for (name, script) in [("initdb", "exit 0"), ("postgres", server)] {
            let path = bin.join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn the_folder_may_be_that_of_the_programs_or_the_one_above() {
        let root = tempfile::tempdir().unwrap();
        let bin = root.path().join("bin");
        with_programs(&bin, "echo 'postgres (PostgreSQL) 99.1'");
        for folder in [root.path(), &bin] {
            let chosen = Chosen::in_folder(folder.to_path_buf()).unwrap();
            assert_eq!(chosen.variable(), (VARIABLE, bin.clone().into()));
            let said = chosen.announcement();
            assert!(said.contains("PostgreSQL) 99.1"), "{said}");
        }
    }

    #[test]
    fn a_folder_without_the_programs_and_a_program_that_does_not_run_are_errors() {
        let root = tempfile::tempdir().unwrap();
        let refused = |folder: &Path| {
            let failure = Chosen::in_folder(folder.to_path_buf()).unwrap_err();
            failure.to_string()
        };
        let said = refused(&root.path().join("nowhere"));
        assert!(said.contains("nowhere"), "{said}");
        assert!(said.contains("initdb and postgres"), "{said}");
        with_programs(root.path(), "echo 'no such library' >&2; exit 127");
        let said = refused(root.path());
        assert!(said.contains("no such library"), "{said}");
    }
}
