//! Several folders of migrations as one stream.

use std::collections::HashMap;
use std::path::PathBuf;

use tenant_core::{MigrationSet, Version};

use crate::SettingsError;
use crate::migration_folder::read_folder;

/// The migrations of all `folders`, in the order of their versions. A migration that two
/// folders have with the same text is there once.
///
/// # Errors
///
/// If a folder cannot be read, or if two migrations have the same version and
/// different texts: it names both.
pub fn read_folders(folders: &[PathBuf]) -> Result<MigrationSet, SettingsError> {
    let mut merged = MigrationSet::default();
    let mut seen: HashMap<Version, (PathBuf, String)> = HashMap::new();
    for folder in folders {
        let set = read_folder(folder)?;
        for migration in set.iter() {
            let fingerprint = migration.fingerprint().to_owned();
            let file = folder.join(migration.name()).join("up.sql");
            match seen.get(migration.version()) {
                Some((_, same)) if *same == fingerprint => {}
                Some((other, _)) => return Err(twins(migration.version(), other, &file)),
                None => {
                    seen.insert(migration.version().clone(), (file, fingerprint));
                }
            }
        }
        merged = merged.merge(set)?;
    }
    Ok(merged)
}

fn twins(version: &Version, one: &std::path::Path, other: &std::path::Path) -> SettingsError {
    SettingsError::Unusable(format!(
        "two migrations with different SQL have the version {version}: {} and {}",
        one.display(),
        other.display()
    ))
}
