//! `minimal-versions`: checks that the libraries compile with the oldest versions of their
//! dependencies that they allow.
//!
//! The command compiles the packaged crates in a separate workspace, as the registry would provide
//! them. Cargo's option to select the lowest versions is not stable yet. `RUSTC_BOOTSTRAP` enables
//! it for the one call that writes the lock file, and nothing is compiled with it.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{packaging, target};
use crate::{alias::Alias, cargo, failure::Failure, help};

/// The crates that applications depend on, the ones that others rest on first.
pub(crate) const LIBRARIES: [&str; 7] = [
    "sql-text",
    "tenant-archive",
    "tenant-path",
    "local-postgres",
    "tenant-core",
    "tenant-settings",
    "tenant-testing",
];

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Compiles the packaged libraries with the oldest versions that they allow.
///
/// # Errors
/// There were arguments, or a step fails; Cargo has said why.
pub(crate) fn run(alias: &Alias, arguments: &[OsString]) -> Result<(), Failure> {
    let details = "\n\
                   Packages the libraries, unpacks them into target/minimal-versions, and checks them\n\
                   there with `-Z direct-minimal-versions`.\n\
                   ";
    if help::is_all(alias, arguments, details)? {
        return Ok(());
    }
    cargo::run(packaging(&LIBRARIES.map(str::to_owned)))?;
    let folder = target().join("minimal-versions");
    unpack(&folder)?;
    let in_folder = |words: &[&str]| {
        let mut command = Command::new("cargo");
        command.current_dir(&folder).args(words);
        command
    };
    let mut lock = in_folder(&["generate-lockfile", "-Z", "direct-minimal-versions"]);
    lock.env("RUSTC_BOOTSTRAP", "1");
    cargo::run(lock)?;
    cargo::run(in_folder(&[
        "check",
        "--workspace",
        "--lib",
        "--all-features",
    ]))
}

/// Makes the workspace of the packaged crates.
fn unpack(folder: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::Failed(format!(
            "error: could not write {}: {error}",
            folder.display()
        ))
    };
    fs::create_dir_all(folder).map_err(failed)?;
    for name in LIBRARIES {
        let package = archive(name);
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(package).arg("-C").arg(folder);
        cargo::run(tar)?;
    }
    fs::write(folder.join("Cargo.toml"), manifest()).map_err(failed)?;
    match fs::remove_file(folder.join("Cargo.lock")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}

fn archive(name: &str) -> PathBuf {
    target().join(format!("package/{name}-{VERSION}.crate"))
}

fn manifest() -> String {
    let folder = |name: &str| format!("{name}-{VERSION}");
    let members = LIBRARIES
        .map(|name| format!("{:?}", folder(name)))
        .join(", ");
    let patches = LIBRARIES.map(|name| format!("{name} = {{ path = {:?} }}\n", folder(name)));
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[patch.crates-io]\n{}",
        patches.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_library_is_a_member_and_stands_for_the_one_of_the_registry() {
        let manifest = manifest();
        for name in LIBRARIES {
            assert!(
                manifest.contains(&format!("\"{name}-{VERSION}\"")),
                "{manifest}"
            );
            assert!(
                manifest.contains(&format!("{name} = {{ path")),
                "{manifest}"
            );
        }
    }
}
