//! A search for binaries: the places that were tried, and what was found there.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binaries::{Binaries, fitting, inspect, leading_number};
use crate::environment;
use crate::error::Attempt;
use crate::options::SearchPlace;
use crate::run;

/// A search under way: what it needs, and what it has passed over.
pub(crate) struct Search {
    wanted: Option<u32>,
    pub(crate) tried: Vec<Attempt>,
}

impl Search {
    pub(crate) fn new(wanted: Option<u32>) -> Self {
        Self {
            wanted,
            tried: Vec::new(),
        }
    }

    /// Whether binaries of this major version would do.
    pub(crate) fn accepts(&self, major: u32) -> bool {
        self.wanted.is_none_or(|wanted| wanted == major)
    }

    /// Notes a place that has nothing to offer.
    pub(crate) fn pass_over(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        self.tried.push(Attempt {
            place: place.into(),
            reason: reason.into(),
        });
    }

    /// Takes the folder when it serves, else notes why it does not.
    pub(crate) fn folder(&mut self, folder: &Path) -> Option<Binaries> {
        let place = folder.display().to_string();
        if self.tried.iter().any(|attempt| attempt.place == place) {
            return None;
        }
        match inspect(folder).and_then(|found| fitting(found, self.wanted)) {
            Ok(found) => Some(found),
            Err(reason) => {
                self.pass_over(place, reason);
                None
            }
        }
    }

    /// Takes the best of a place, if it has one.
    pub(crate) fn place(&mut self, place: &SearchPlace) -> Option<Binaries> {
        let folders = match place {
            SearchPlace::PgConfig => self.pg_config().into_iter().collect(),
            SearchPlace::Path => environment::path_folders(),
            SearchPlace::Versions { parent, prefix } => self.versions(parent, prefix),
        };
        folders.iter().find_map(|folder| self.folder(folder))
    }

    fn pg_config(&mut self) -> Option<PathBuf> {
        let printed = run::output(Command::new("pg_config").arg("--bindir"));
        match printed {
            Ok(mut bytes) => {
                bytes.truncate(bytes.trim_ascii_end().len());
                let folder = PathBuf::from(OsString::from_vec(bytes));
                folder.is_absolute().then_some(folder)
            }
            Err(error) => {
                self.pass_over("pg_config --bindir", run::reason(&error));
                None
            }
        }
    }

    fn versions(&mut self, parent: &Path, prefix: &str) -> Vec<PathBuf> {
        let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let version = leading_number(entry.file_name().to_str()?.strip_prefix(prefix)?)?;
                Some((version, entry.path().join("bin")))
            })
            .collect();
        if found.is_empty() {
            let pattern = parent.join(format!("{prefix}*/bin"));
            self.pass_over(pattern.display().to_string(), "no such folder");
        }
        found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        found.into_iter().map(|(_, folder)| folder).collect()
    }
}

/// Whether a command of that name would be found.
pub(crate) fn on_path(program: &OsStr) -> bool {
    environment::path_folders()
        .iter()
        .any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_searched_newest_first() {
        let root = tempfile::tempdir().unwrap();
        for name in ["pgsql-9.6", "pgsql-15", "pgsql-17", "pgsql-latest", "other"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        let found = Search::new(None).versions(root.path(), "pgsql-");
        let expected = ["pgsql-17/bin", "pgsql-15/bin", "pgsql-9.6/bin"];
        assert_eq!(found, expected.map(|name| root.path().join(name)));
    }
}
