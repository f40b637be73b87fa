//! Migrations that are not where they are looked for.

use std::path::{Path, PathBuf};

use crate::files;

/// What `--migrations-dir` names.
const RULE: &str =
    "--migrations-dir names the folder that contains `tenant` and, if needed, `public`";

/// Where the migrations of a folder that is not there may be.
pub(crate) fn where_they_are(folder: &Path) -> String {
    let Some(given) = folder.parent() else {
        return format!("Correct the folder, because {RULE}.");
    };
    let shown = given.display();
    if let Some(top) = top_of(given) {
        return format!("Use {}, because {RULE}.", top.display());
    }
    if has_migrations(given) {
        return format!(
            "If the migrations in {shown} are for tenants, move them to {}, because {RULE}.",
            folder.display()
        );
    }
    format!("Correct the folder, because {RULE}.")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_that_was_meant_is_found_from_one_inside_it() {
        let top = tempfile::tempdir().unwrap();
        let at = |path: &str| top.path().join(path);
        std::fs::create_dir_all(at("tenant/2026-01-01-000000_a")).unwrap();
        std::fs::write(at("tenant/2026-01-01-000000_a/up.sql"), "SELECT 1;").unwrap();
        let meant = format!("Use {}, ", top.path().display());
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
}
