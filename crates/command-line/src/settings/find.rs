//! Finds the file of a project's settings.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use tenant_settings::nearest;

use crate::exit::UsageError;
use crate::{Environment, files};

/// The file that is in force, as an absolute path, if there is one.
pub(super) fn file(
    option: Option<&Path>,
    environment: &Environment,
) -> anyhow::Result<Option<PathBuf>> {
    let (named, by) = match (option, &environment.config) {
        (Some(file), _) => (file, "--config"),
        (None, Some(file)) => (file.as_path(), "TENANTS_CONFIG"),
        (None, None) => {
            let here = std::env::current_dir().context("could not find the current folder")?;
            return Ok(nearest(&here));
        }
    };
    let file = std::path::absolute(named).context("could not find the current folder")?;
    if files::is_there(&file) {
        return Ok(Some(file));
    }
    Err(anyhow!(UsageError(format!(
        "the file {}, which {by} names, does not exist",
        named.display()
    ))))
}
