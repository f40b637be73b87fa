//! Finds the file of a project's settings.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use crate::exit::UsageError;
use crate::{Environment, files};

/// The name of the file.
pub const FILE: &str = "tenants.toml";

/// What the root of a git repository contains: a folder, or a file in a work tree.
const GIT: &str = ".git";

/// The file that is in force, as an absolute path, if there is one.
pub(super) fn file(
    option: Option<&Path>,
    environment: &Environment,
) -> anyhow::Result<Option<PathBuf>> {
    let (named, by) = match (option, &environment.config) {
        (Some(file), _) => (file, "--config"),
        (None, Some(file)) => (file.as_path(), "TENANTS_CONFIG"),
        (None, None) => return nearest(),
    };
    let file = std::path::absolute(named).context("finding the current folder")?;
    if files::is_there(&file) {
        return Ok(Some(file));
    }
    Err(anyhow!(UsageError(format!(
        "there is no file {}, which {by} names",
        named.display()
    ))))
}

/// The nearest file in the current folder or above. A project ends at the root of its
/// repository: a file above belongs to another one.
fn nearest() -> anyhow::Result<Option<PathBuf>> {
    let here = std::env::current_dir().context("finding the current folder")?;
    for folder in here.ancestors() {
        let file = folder.join(FILE);
        if files::is_there(&file) {
            return Ok(Some(file));
        }
        if folder.join(GIT).exists() {
            break;
        }
    }
    Ok(None)
}

/// The text of `file`, without the byte order mark that some editors write.
pub(super) fn text(file: &Path) -> anyhow::Result<String> {
    let unreadable = |why: String| {
        let file = shown(file);
        anyhow!(UsageError(format!("the file {file} cannot be read: {why}")))
    };
    if files::is_special(file) {
        return Err(unreadable("it is not a regular file".to_owned()));
    }
    let bytes = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| unreadable("it is not UTF-8; save it as UTF-8".to_owned()))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

/// `file` as messages show it: relative if it is in the current folder or below.
pub(crate) fn shown(file: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let relative = file.strip_prefix(&here).unwrap_or(file);
    relative.display().to_string()
}
