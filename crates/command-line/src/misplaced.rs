//! Migrations that are not where they are looked for.

use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::exit::UsageError;
use crate::files;

/// What `--migrations-dir` names.
const RULE: &str = "--migrations-dir names a folder with `tenant` and perhaps `public` in it";

/// Where the migrations of a folder that is not there may be.
pub(crate) fn where_they_are(folder: &Path) -> String {
    let Some(given) = folder.parent() else {
        return format!("Correct the folder: {RULE}.");
    };
    let shown = given.display();
    if let Some(top) = top_of(given) {
        return format!("Name {}: {RULE}.", top.display());
    }
    if has_migrations(given) {
        return format!(
            "If the migrations in {shown} are for tenants, move them to {}: {RULE}.",
            folder.display()
        );
    }
    format!("Correct the folder: {RULE}.")
}

/// The folder that was meant by one that is a stream, or a migration of one.
fn top_of(given: &Path) -> Option<&Path> {
    let stream = if is_migration(given) {
        given.parent()?
    } else {
        given
    };
    let is_stream = stream.ends_with("tenant") || stream.ends_with("public");
    stream
        .parent()
        .filter(|_| is_stream && has_migrations(stream))
}

/// Whether migrations lie in this very folder.
fn has_migrations(folder: &Path) -> bool {
    entries(folder).any(|entry| is_migration(&entry))
}

fn is_migration(folder: &Path) -> bool {
    files::is_there(&folder.join("up.sql"))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// Refuses a folder that has SQL files as other programs name them, and no migration:
/// these would be passed over, and nothing would be applied.
///
/// # Errors
///
/// A wrong use that names one of the files.
pub(crate) fn refuse_loose_files(folder: &Path) -> anyhow::Result<()> {
    let is_sql = |path: &PathBuf| path.extension().is_some_and(|end| end == "sql");
    let Some(file) = entries(folder).filter(is_sql).min() else {
        return Ok(());
    };
    Err(anyhow!(UsageError(format!(
        "{} is no migration, and there is none beside it: a migration is a folder \
         TIME_WHAT_IT_DOES, as in 2026-01-31-120000_add_due_date, with up.sql and down.sql in it",
        file.display()
    ))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_that_was_meant_is_found_from_one_inside_it() {
        let top = tempfile::tempdir().unwrap();
        let at = |path: &str| top.path().join(path);
        std::fs::create_dir_all(at("tenant/2026-01-01-000000_a")).unwrap();
        std::fs::write(at("tenant/2026-01-01-000000_a/up.sql"), "SELECT 1;").unwrap();
        let meant = format!("Name {}: ", top.path().display());
        for given in ["tenant", "tenant/2026-01-01-000000_a"] {
            let advice = where_they_are(&at(given).join("tenant"));
            assert!(advice.starts_with(&meant), "{advice}");
        }
        let advice = where_they_are(&at("nowhere/tenant"));
        assert!(advice.starts_with("Correct the folder"), "{advice}");
        std::fs::rename(at("tenant"), at("flat")).unwrap();
        let advice = where_they_are(&at("flat/tenant"));
        assert!(advice.contains("are for tenants, move them to"), "{advice}");
    }

    #[test]
    fn sql_files_of_other_programs_are_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        refuse_loose_files(folder.path()).unwrap();
        std::fs::write(folder.path().join("README.md"), "").unwrap();
        refuse_loose_files(folder.path()).unwrap();
        std::fs::write(folder.path().join("0001_init.up.sql"), "").unwrap();
        let error = refuse_loose_files(folder.path()).unwrap_err();
        assert!(error.is::<UsageError>(), "{error:?}");
        assert!(error.to_string().contains("0001_init.up.sql"), "{error}");
    }
}
