//! Citus, which no registry has a package of: looked for, and never installed.

use std::path::PathBuf;

use super::find::{matching, output_of};
use crate::failure::Failure;

/// Where PostgreSQL keeps what it knows of an extension, below its shared files.
const CONTROL: &str = "extension/citus.control";

/// Where packages put the shared files; a `*` stands for any text.
const FOLDERS: [&str; 5] = [
    "/usr/share/postgresql/*",
    "/usr/pgsql-*/share",
    "/opt/homebrew/share/postgresql*",
    "/usr/local/share/postgresql*",
    "/usr/local/pgsql/share",
];

/// Names a cluster that runs already.
const CLUSTER: &str = "CITUS_DATABASE_URL";

/// Sees that Citus is installed, or that a cluster is named.
///
/// # Errors
/// [`Failure::NotThere`] when neither is so.
pub(crate) fn require() -> Result<(), Failure> {
    if std::env::var_os(CLUSTER).is_some_and(|url| !url.is_empty()) {
        return Ok(());
    }
    let told = output_of(&["pg_config", "--sharedir"]).map(PathBuf::from);
    let usual = FOLDERS.into_iter().flat_map(matching);
    let mut folders = told.into_iter().chain(usual);
    if folders.any(|folder| folder.join(CONTROL).is_file()) {
        return Ok(());
    }
    Err(Failure::NotThere(format!(
        "error: could not find Citus: {CONTROL} is neither in the folder of `pg_config --sharedir` nor where packages install it\n\
         hint: Install Citus 12 or later for the PostgreSQL of the tests, or set {CLUSTER} to the URL of a coordinator."
    )))
}
