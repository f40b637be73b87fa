//! A migration's folder on the disk.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;

/// The names of the folders in `migrations`; none when that does not exist.
///
/// # Errors
///
/// When it cannot be read.
pub(crate) fn existing(migrations: &Path) -> anyhow::Result<Vec<String>> {
    let entries = match fs::read_dir(migrations) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.with_context(|| format!("could not read {}", migrations.display()))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    Ok(names)
}

/// Writes `migrations/name` with both files. The write is atomic: the folder is created under a
/// name that Diesel ignores, and then renamed.
///
/// # Errors
///
/// When it cannot be written; then no part of it remains.
pub(crate) fn write(migrations: &Path, name: &str, up: &str, down: &str) -> anyhow::Result<()> {
    let unfinished = migrations.join(format!(".{name}.{}", std::process::id()));
    let written = fs::create_dir_all(&unfinished)
        .and_then(|()| fs::write(unfinished.join("up.sql"), up))
        .and_then(|()| fs::write(unfinished.join("down.sql"), down))
        .and_then(|()| fs::rename(&unfinished, migrations.join(name)));
    if written.is_err() {
        // It may never have been made.
        let _ = fs::remove_dir_all(&unfinished);
    }
    written.with_context(|| {
        format!(
            "could not write the migration {}",
            migrations.join(name).display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_appears_whole_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let migrations = folder.path().join("migrations/tenant");
        assert!(existing(&migrations).unwrap().is_empty());
        write(&migrations, "1_a", "SELECT 1;\n", "SELECT 2;\n").unwrap();
        assert_eq!(existing(&migrations).unwrap(), ["1_a"]);
        let down = fs::read_to_string(migrations.join("1_a/down.sql")).unwrap();
        assert_eq!(down, "SELECT 2;\n");
        assert_eq!(fs::read_dir(&migrations).unwrap().count(), 1);
    }

    #[test]
    fn a_place_that_cannot_be_written_to_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("migrations"), "").unwrap();
        let migrations = folder.path().join("migrations/tenant");
        let error = write(&migrations, "1_a", "", "").unwrap_err();
        assert!(
            error.to_string().contains("migrations/tenant/1_a"),
            "{error}"
        );
    }
}
