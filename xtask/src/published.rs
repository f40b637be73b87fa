//! What other projects get of this one: `package`, `minimal-versions` and `semver`.

mod lowest;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{alias::Alias, cargo, console, failure::Failure, help, workspace};

pub(crate) use lowest::run as minimal_versions;

/// The line of a manifest by which its crate is for the registry.
const IS_PUBLISHED: &str = "publish = true";

/// Packages every crate that is for the registry, as `cargo publish` does, and publishes
/// nothing.
///
/// # Errors
/// There were arguments, a manifest cannot be read, or a crate cannot be packaged.
pub(crate) fn package(alias: &Alias, arguments: &[OsString]) -> Result<(), Failure> {
    let details = "\n\
                   The packages are in target/package. The command publishes and compiles nothing.\n\
                   To compile the packages, run minimal-versions.\n\
                   ";
    if help::is_all(alias, arguments, details)? {
        return Ok(());
    }
    cargo::run(packaging(&published()?))
}

/// Compares the public API of the libraries with that of an earlier commit, and says which
/// part of the version has to change.
///
/// # Errors
/// Wrong use, no cargo-semver-checks, or a change that the version does not allow.
pub(crate) fn semver(alias: &Alias, arguments: &[OsString]) -> Result<(), Failure> {
    let details = "\n\
                   REVISION is a commit, or the tag of a release. The command needs\n\
                   cargo-semver-checks (cargo install cargo-semver-checks --locked).\n\
                   ";
    let revision = match arguments {
        [word] if help::is_asked_by(&word.to_string_lossy()) => {
            console::result(&help::of(alias, details));
            return Ok(());
        }
        [revision] => revision,
        _ => {
            return Err(Failure::Usage(format!(
                "error: {} needs one argument: the commit or tag to compare with",
                alias.name
            )));
        }
    };
    if !has_semver_checks() {
        return Err(Failure::NotThere(
            "error: cargo-semver-checks is not installed\n\
             hint: Install it.\n\
             \x20     cargo install cargo-semver-checks --locked"
                .to_owned(),
        ));
    }
    let mut command = cargo::command("semver-checks");
    command.arg("--baseline-rev").arg(revision);
    for library in lowest::LIBRARIES {
        command.args(["--package", library]);
    }
    cargo::run(command)
}

fn has_semver_checks() -> bool {
    let mut command = cargo::command("semver-checks");
    let output = command.arg("--version").output();
    output.is_ok_and(|output| output.status.success())
}

/// `cargo package` on these crates. A crate that rests on another takes it from the same
/// call, so that it need not be in the registry yet.
fn packaging(crates: &[String]) -> Command {
    let mut command = cargo::command("package");
    command.args(["--no-verify", "--allow-dirty", "--locked"]);
    for name in crates {
        command.args(["--package", name]);
    }
    command
}

/// The crates that are for the registry, by name.
fn published() -> Result<Vec<String>, Failure> {
    let folder = workspace::root().join("crates");
    let entries = std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| unreadable(&folder, &error))?
            .path()
            .join("Cargo.toml");
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        if text.lines().any(|line| line == IS_PUBLISHED) {
            names.extend(
                path.parent()
                    .and_then(Path::file_name)
                    .map(|name| name.to_string_lossy().into_owned()),
            );
        }
    }
    names.sort();
    Ok(names)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Failed(format!("error: could not read {}: {error}", path.display()))
}

fn target() -> PathBuf {
    workspace::root().join("target")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_are_published_and_what_is_for_tests_is_not() {
        let published = published().unwrap();
        for library in lowest::LIBRARIES {
            assert!(published.iter().any(|name| name == library), "{library}");
        }
        for name in ["test-support", "workspace-hack", "schema-tenant"] {
            assert!(!published.iter().any(|it| it == name), "{name}");
        }
    }
}
