//! Finds the project's folder.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::files;
use crate::settings::{self, ProjectSettings};

/// The file that marks the project's folder where there are no settings.
pub const MARKER: &str = "diesel.tenant.toml";

/// The project's folder: that of the file of settings, else the current one, or the
/// nearest one above, that holds [`MARKER`].
///
/// # Errors
///
/// [`NoProject`] when there is none, and a current folder that cannot be
/// found.
pub fn folder(settings: &ProjectSettings) -> anyhow::Result<PathBuf> {
    if let Some(folder) = settings.folder() {
        return Ok(folder.to_owned());
    }
    let here = std::env::current_dir().context("finding the current folder")?;
    let project = here
        .ancestors()
        .find(|folder| files::is_there(&folder.join(MARKER)))
        .map(PathBuf::from);
    project.ok_or_else(|| NoProject { here }.into())
}

/// Neither the current folder nor one above is a project's.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} is not in a project: there is no {MARKER} here or above, and no {}",
    here.display(),
    settings::FILE
)]
pub struct NoProject {
    here: PathBuf,
}
