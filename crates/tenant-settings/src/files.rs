//! Files and folders that need not exist. If one exists and cannot be read, that is an error,
//! because its content would be ignored.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// The text of `file`; `None` when there is nothing of that name.
///
/// # Errors
///
/// When it cannot be read: a folder, what is not UTF-8, a link that leads nowhere.
pub fn read_if_there(file: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound && !is_link(file) => Ok(None),
        read => read.map(Some),
    }
}

/// Whether `folder` is there.
///
/// # Errors
///
/// When something of that name is there which is no folder, or that cannot be said.
pub fn is_folder(folder: &Path) -> Result<bool> {
    match std::fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(_) => Err(Error::from(ErrorKind::NotADirectory)),
        Err(error) if error.kind() == ErrorKind::NotFound && !is_link(folder) => Ok(false),
        // Where it would be is a file.
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether `file` is there and no folder, even if it cannot be read.
#[must_use]
pub fn is_there(file: &Path) -> bool {
    std::fs::metadata(file).map_or_else(|_| is_link(file), |found| !found.is_dir())
}

/// Whether `file` exists and is neither a file nor a folder: reading a pipe blocks until another
/// process writes into it.
#[must_use]
pub fn is_special(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// `file` as messages show it: relative if it is in the current folder or below.
#[must_use]
pub fn shown(file: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let relative = file.strip_prefix(&here).unwrap_or(file);
    relative.display().to_string()
}

/// Whether there is a symbolic link of that name, wherever it leads.
fn is_link(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_told_apart_from_what_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("text"), "words").unwrap();
        std::fs::write(at("latin"), b"gr\xfc\xdfe").unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("link")).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        assert_eq!(read_if_there(&at("none")).unwrap(), None);
        assert_eq!(read_if_there(&at("text")).unwrap().unwrap(), "words");
        for unreadable in ["latin", "link", "folder"] {
            assert!(read_if_there(&at(unreadable)).is_err(), "{unreadable}");
        }
        assert!(is_folder(&at("folder")).unwrap());
        assert!(!is_folder(&at("none")).unwrap());
        assert!(!is_folder(&at("text/none")).unwrap());
        for other in ["text", "link"] {
            assert!(is_folder(&at(other)).is_err(), "{other}");
        }
        for (name, there) in [
            ("text", true),
            ("link", true),
            ("folder", false),
            ("none", false),
        ] {
            assert_eq!(is_there(&at(name)), there, "{name}");
        }
    }
}
