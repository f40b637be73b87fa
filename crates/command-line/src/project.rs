//! Finds the project's folder.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::files;
use crate::settings::ProjectSettings;

/// What marks the project's folder. The first marker is looked for in all folders before the
/// second: a package of the project may have its own migrations.
const MARKERS: [Marker; 2] = [
    Marker::File("diesel.tenant.toml"),
    Marker::Folder("migrations/tenant"),
];

#[derive(Debug, Clone, Copy)]
enum Marker {
    File(&'static str),
    Folder(&'static str),
}

impl Marker {
    fn is_in(self, folder: &Path) -> bool {
        match self {
            Self::File(name) => files::is_there(&folder.join(name)),
            Self::Folder(name) => folder.join(name).is_dir(),
        }
    }
}

/// The project's folder: that of the file of settings, else the current one, or the
/// nearest one above, that holds `diesel.tenant.toml`, else `migrations/tenant/`.
///
/// # Errors
///
/// [`NoProject`] when there is none, and a current folder that cannot be
/// found.
pub fn folder(settings: &ProjectSettings) -> anyhow::Result<PathBuf> {
    if let Some(folder) = settings.folder() {
        return Ok(folder.to_owned());
    }
    let here = std::env::current_dir().context("could not find the current folder")?;
    let nearest = |marker: &Marker| here.ancestors().find(|folder| marker.is_in(folder));
    let project = MARKERS.iter().find_map(nearest).map(PathBuf::from);
    project.ok_or_else(|| NoProject { here }.into())
}

/// Neither the current folder nor one above is a project's.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} is not in a project: it has no tenants.toml, diesel.tenant.toml or migrations/tenant, \
     and neither has a folder above",
    here.display()
)]
pub struct NoProject {
    here: PathBuf,
}
