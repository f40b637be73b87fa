//! Finds the PostgreSQL binaries: the named folder, the usual places, the package.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf, absolute};
use std::process::Command;

use crate::environment;
use crate::error::{Attempt, Error};
use crate::options::{Options, Place};
use crate::package;
use crate::run;

/// The oldest major version that is accepted: the first with a built-in
/// `gen_random_uuid()`.
const OLDEST: u32 = 13;

/// A folder with `postgres` and `initdb`, and the version they report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The folder.
    pub folder: PathBuf,
    /// The major version, for example 17.
    pub major: u32,
}

impl Binaries {
    pub(crate) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    pub(crate) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }
}

/// Finds PostgreSQL as a server would, for example to run its `pg_dump`.
///
/// # Arguments
/// * `options` - where to look, and whether a package may be fetched.
/// * `wanted` - the major version that existing data call for, if there are any.
///
/// # Errors
/// [`Error::UnusableBinaries`] when the named folder does not serve,
/// [`Error::NoBinaries`] with every place that was tried, or what went wrong
/// while fetching the package.
pub fn find_binaries(options: &Options, wanted: Option<u32>) -> Result<Binaries, Error> {
    if let Some(folder) = &options.binaries {
        return named(folder, wanted);
    }
    let mut search = Search::new(wanted);
    for place in &options.places {
        if let Some(found) = search.place(place) {
            return Ok(found);
        }
    }
    if let Some(found) = package::find(options, &mut search)? {
        return Ok(found);
    }
    Err(Error::NoBinaries {
        wanted,
        tried: search.tried,
        install: install_command(wanted),
    })
}

/// The caller named the folder, so nothing else is tried: silently running
/// another version than the one asked for would be worse than failing.
fn named(folder: &Path, wanted: Option<u32>) -> Result<Binaries, Error> {
    // The programs are started in other folders than the caller's.
    let folder = &absolute(folder).map_err(Error::file("find", folder))?;
    inspect(folder)
        .and_then(|found| fitting(found, wanted))
        .map_err(|reason| Error::UnusableBinaries {
            folder: folder.to_owned(),
            reason,
        })
}

/// A search under way: what it needs, and what it has passed over.
pub(crate) struct Search {
    wanted: Option<u32>,
    tried: Vec<Attempt>,
}

impl Search {
    fn new(wanted: Option<u32>) -> Self {
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

    fn place(&mut self, place: &Place) -> Option<Binaries> {
        let folders = match place {
            Place::PgConfig => self.pg_config().into_iter().collect(),
            Place::Path => environment::path_folders(),
            Place::Versions { parent, prefix } => self.versions(parent, prefix),
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

/// Reads the version of a folder's binaries, or says why they do not serve.
pub(crate) fn inspect(folder: &Path) -> Result<Binaries, String> {
    for program in ["postgres", "initdb"] {
        if !folder.join(program).is_file() {
            return Err(format!("no `{program}` there"));
        }
    }
    if folder
        .as_os_str()
        .as_bytes()
        .iter()
        .any(|byte| b"\"$`\\\n".contains(byte))
    {
        // `initdb` hands the path of `postgres` to a shell, in double quotes.
        return Err("its path has a character that a shell would interpret".into());
    }
    let postgres = folder.join("postgres");
    let printed = run::output(Command::new(&postgres).arg("--version"))
        .map_err(|error| run::reason(&error))?;
    let printed = String::from_utf8_lossy(&printed);
    let major = major_version(&printed)
        .ok_or_else(|| format!("`postgres --version` printed `{}`", printed.trim()))?;
    Ok(Binaries {
        folder: folder.to_owned(),
        major,
    })
}

fn fitting(found: Binaries, wanted: Option<u32>) -> Result<Binaries, String> {
    let major = found.major;
    if let Some(wanted) = wanted
        && wanted != major
    {
        return Err(format!(
            "it is PostgreSQL {major}, and the existing data were made by PostgreSQL {wanted}"
        ));
    }
    if major < OLDEST {
        return Err(format!("PostgreSQL {major} is older than {OLDEST}"));
    }
    Ok(found)
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 15.
fn major_version(printed: &str) -> Option<u32> {
    leading_number(printed.split_once("(PostgreSQL)")?.1.trim_start())
}

/// The number a text begins with: 18 of `18beta1`, 9 of `9.6`.
pub(crate) fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text.get(..end.unwrap_or(text.len()))?.parse().ok()
}

/// The command that installs PostgreSQL here, judged by the package manager.
fn install_command(wanted: Option<u32>) -> String {
    let debian = wanted.map_or("postgresql".into(), |major| format!("postgresql-{major}"));
    let fedora = wanted.map_or("postgresql-server".into(), |major| {
        format!("postgresql{major}-server")
    });
    let alpine = wanted.map_or("postgresql".into(), |major| format!("postgresql{major}"));
    let brew = format!("postgresql@{}", wanted.unwrap_or(package::MAJOR));
    let known = [
        ("apt-get", format!("sudo apt-get install {debian}")),
        ("dnf", format!("sudo dnf install {fedora}")),
        ("apk", format!("sudo apk add {alpine}")),
        ("brew", format!("brew install {brew}")),
    ];
    known
        .into_iter()
        .find(|(manager, _)| on_path(manager.as_ref()))
        .map_or_else(
            || "your package manager, or from https://www.postgresql.org/download/".into(),
            |(_, command)| command,
        )
}

pub(crate) fn on_path(program: &OsStr) -> bool {
    environment::path_folders()
        .iter()
        .any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_prints() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(major_version(debian), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_version("something else"), None);
    }

    #[test]
    fn a_folder_name_a_shell_would_interpret_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("$(touch x)");
        fs::create_dir(&folder).unwrap();
        for program in ["postgres", "initdb"] {
            fs::write(folder.join(program), "").unwrap();
        }
        assert!(inspect(&folder).unwrap_err().contains("shell"));
    }

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
