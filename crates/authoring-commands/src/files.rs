//! Writes files whole.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;

/// Replaces the content of `file` with `text`, and returns whether the content changed.
///
/// The replacement is atomic: the text is written to a file beside it, which is then renamed. A
/// symbolic link remains a symbolic link.
///
/// # Errors
///
/// When it cannot be read or written.
pub fn replace(file: &Path, text: &str) -> anyhow::Result<bool> {
    let replaced = try_replace(file, text);
    replaced.with_context(|| format!("could not write {}", file.display()))
}

fn try_replace(file: &Path, text: &str) -> std::io::Result<bool> {
    let target = match fs::canonicalize(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => file.to_path_buf(),
        found => found?,
    };
    let old = match fs::read(&target) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        read => Some(read?),
    };
    if old.as_deref() == Some(text.as_bytes()) {
        return Ok(false);
    }
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = target.with_extension(format!("{}.tmp", std::process::id()));
    let written = fs::write(&beside, text).and_then(|()| {
        if old.is_some() {
            fs::set_permissions(&beside, fs::metadata(&target)?.permissions())?;
        }
        fs::rename(&beside, &target)
    });
    if written.is_err() {
        // It may never have been made.
        let _ = fs::remove_file(&beside);
    }
    written.map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_when_it_differs_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("src/schema.rs");
        assert!(replace(&file, "one").unwrap());
        assert!(!replace(&file, "one").unwrap());
        assert!(replace(&file, "two").unwrap());
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_is_followed_and_the_mode_is_kept() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("real.rs"), folder.path().join("link.rs"));
        fs::write(&file, "one").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        assert!(replace(&link, "two").unwrap());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        let error = replace(&folder.path().join("a/schema.rs"), "x").unwrap_err();
        assert!(error.to_string().contains("a/schema.rs"), "{error}");
    }
}
