//! Finds the file of a project's settings, and reads its text.

use std::path::{Path, PathBuf};

use crate::SettingsError;
use crate::files::{is_special, is_there, shown};

/// The name of the file.
pub const FILE: &str = "tenants.toml";

/// What the root of a git repository contains: a folder, or a file in a work tree.
const GIT: &str = ".git";

/// The nearest file in `folder` or above, if there is one. A project ends at the root of its
/// repository: a file above belongs to another one.
#[must_use]
pub fn nearest(folder: &Path) -> Option<PathBuf> {
    for folder in folder.ancestors() {
        let file = folder.join(FILE);
        if is_there(&file) {
            return Some(file);
        }
        if folder.join(GIT).exists() {
            break;
        }
    }
    None
}

/// The text of `file`, without the byte order mark that some editors write.
pub(crate) fn text(file: &Path) -> Result<String, SettingsError> {
    let unreadable = |why: &str| {
        let file = shown(file);
        SettingsError::Unusable(format!("could not read the file {file}: {why}"))
    };
    if is_special(file) {
        return Err(unreadable("it is not a regular file"));
    }
    let bytes = std::fs::read(file).map_err(|error| unreadable(&error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}
