//! SQL files where migrations are expected.

use std::path::{Path, PathBuf};

use crate::SettingsError;

/// The first file in the folder that another program may take for a migration.
fn loose_file(folder: &Path) -> Option<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let is_sql = |path: &PathBuf| path.extension().is_some_and(|end| end == "sql");
    paths.filter(is_sql).min()
}

/// Refuses a folder that has SQL files as other programs name them, and no migration:
/// these would be passed over, and nothing would be applied.
///
/// # Errors
///
/// It names one of the files.
pub fn refuse_loose_files(folder: &Path) -> Result<(), SettingsError> {
    let Some(file) = loose_file(folder) else {
        return Ok(());
    };
    Err(SettingsError::Unusable(format!(
        "{} is not a migration: expected a folder TIME_WHAT_IT_DOES, such as \
         2026-01-31-120000_add_due_date, with up.sql and down.sql",
        file.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_files_of_other_programs_are_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        refuse_loose_files(folder.path()).unwrap();
        std::fs::write(folder.path().join("README.md"), "").unwrap();
        refuse_loose_files(folder.path()).unwrap();
        std::fs::write(folder.path().join("0001_init.up.sql"), "").unwrap();
        let error = refuse_loose_files(folder.path()).unwrap_err();
        assert!(error.to_string().contains("0001_init.up.sql"), "{error}");
    }
}
