//! [`MigrationFolders`]: where the files of migrations are, for messages that name one.

use std::path::{Path, PathBuf};

use crate::init::Stream;
use crate::settings::ProjectSettings;
use crate::{files, project};

/// The folders of both streams. None for migrations that are compiled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationFolders {
    public: Vec<PathBuf>,
    tenant: Vec<PathBuf>,
}

impl MigrationFolders {
    /// Those that [`crate::migrations::read`] reads. A mistake in the configuration is reported
    /// there.
    pub(crate) fn of(settings: &ProjectSettings, migrations_dir: Option<&Path>) -> Self {
        let folder = match migrations_dir {
            Some(_) => PathBuf::new(),
            None => project::folder(settings).unwrap_or_default(),
        };
        let paths = |stream| {
            let found = tenant_settings::folder_of(settings, &folder, stream, migrations_dir);
            found.map_or_else(|_| Vec::new(), |found| found.paths)
        };
        Self {
            public: paths("public"),
            tenant: paths("tenant"),
        }
    }

    /// The file of a migration, looked for in this stream and then in the other one.
    pub(crate) fn find(&self, stream: Stream, migration: &str, file: &str) -> Option<String> {
        let (first, second) = match stream {
            Stream::Public => (&self.public, &self.tenant),
            Stream::Tenant => (&self.tenant, &self.public),
        };
        let files = first.iter().chain(second);
        let mut files = files.map(|folder| folder.join(migration).join(file));
        files
            .find(|path| files::is_there(path))
            .map(|path| shown(&path))
    }
}

/// The path from the current folder, where it leads down.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(here).unwrap_or(path);
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_in_its_stream_first() {
        let top = tempfile::tempdir().unwrap();
        for stream in ["public", "tenant"] {
            let folder = top.path().join(stream).join("0_setup");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("up.sql"), "SELECT 1;").unwrap();
        }
        let settings = ProjectSettings::default();
        let folders = MigrationFolders::of(&settings, Some(top.path()));
        let find = |stream, name| folders.find(stream, name, "up.sql");
        let file = top.path().join("public/0_setup/up.sql");
        let found = find(Stream::Public, "0_setup").unwrap();
        assert_eq!(Path::new(&found), file);
        assert!(find(Stream::Tenant, "0_setup").unwrap().contains("tenant"));
        assert_eq!(find(Stream::Tenant, "1_more"), None);
    }
}
