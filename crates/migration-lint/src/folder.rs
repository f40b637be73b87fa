//! A folder of migrations: which there are, in which order, and their files.

mod metadata;
mod name;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::{fs, io};

use thiserror::Error;

use crate::finding::{Finding, Found, Report};
use crate::lint::{Direction, SqlText, Stream, lint_with};
use crate::options::Options;
use crate::rules::no_down_file;
use crate::stream::{SharedNames, check, check_one};
use metadata::Metadata;

/// A folder that could not be read.
#[derive(Debug, Error)]
pub enum FolderError {
    /// The folder, or a file in it, could not be read.
    #[error("could not read {}", path.display())]
    Unreadable {
        /// The folder or the file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Checks all migrations of one stream: every folder in `folder`, in the order
/// in which Diesel applies them. Like Diesel, the function skips files and names
/// that begin with a dot.
///
/// # Errors
///
/// [`FolderError`] if the folder or a file in it cannot be read. A migration that Diesel
/// would reject, and text that is not UTF-8, are findings.
pub fn lint_folder(
    stream: Stream,
    folder: &Path,
    options: &Options,
) -> Result<Report, FolderError> {
    lint_folders(stream, &[folder], options)
}

/// Checks a stream in several folders. A migration that exists in two folders with the
/// same `up.sql` is checked once.
///
/// # Errors
///
/// As [`lint_folder`].
pub fn lint_folders(
    stream: Stream,
    folders: &[impl AsRef<Path>],
    options: &Options,
) -> Result<Report, FolderError> {
    let found = found_in(folders)?;
    let names = found.iter().map(|found| found.name.clone());
    let names = names.collect::<Vec<_>>();
    let mut report = Report {
        migrations: names.len(),
        ..Report::default()
    };
    let mut of_versions = name::of_versions(&names, options);
    let migrations = found.iter().map(|found| Migration {
        stream,
        folder: found.folder.join(&found.name),
        options,
    });
    let migrations = migrations.collect::<Vec<_>>();
    let mut of_stream = of_stream(&migrations)?;
    for (name, migration) in names.iter().zip(&migrations) {
        let of_name = of_versions.remove(name).unwrap_or_default();
        let of_stream = of_stream.pop_front().unwrap_or_default();
        migration.read(of_name, of_stream, &mut report)?;
    }
    report.findings.sort();
    Ok(report)
}

/// What all `up.sql` together show in each of them.
fn of_stream(migrations: &[Migration<'_>]) -> Result<VecDeque<Vec<Found>>, FolderError> {
    let texts = texts(migrations)?;
    let texts = texts.iter().map(String::as_str).collect::<Vec<_>>();
    let mut found = check(&texts);
    for (migration, (here, text)) in migrations.iter().zip(found.iter_mut().zip(&texts)) {
        if migration.stream == Stream::Tenant {
            here.extend(migration.options.shared_names.created_in(text));
        }
    }
    Ok(found.into())
}

/// The names of all objects that the migrations in `folders` create. Pass the public
/// migrations, and put the result into [`Options::shared_names`].
///
/// # Errors
///
/// [`FolderError`] if a folder or a file in it cannot be read.
pub fn created_names(folders: &[impl AsRef<Path>]) -> Result<SharedNames, FolderError> {
    let options = Options::default();
    let found = found_in(folders)?;
    let migrations = found.iter().map(|found| Migration {
        stream: Stream::Public,
        folder: found.folder.join(&found.name),
        options: &options,
    });
    let texts = texts(&migrations.collect::<Vec<_>>())?;
    let texts = texts.iter().map(String::as_str).collect::<Vec<_>>();
    Ok(SharedNames::of(&texts))
}

/// The `up.sql` of each, empty where there is none.
fn texts(migrations: &[Migration<'_>]) -> Result<Vec<String>, FolderError> {
    let texts = migrations.iter().map(|migration| {
        Ok(match migration.content("up.sql")? {
            Content::Text(text) => text,
            Content::Missing | Content::NotText => String::new(),
        })
    });
    texts.collect()
}

/// A migration, and the folder that it is in.
struct FoundIn {
    name: String,
    folder: PathBuf,
}

/// The migrations of all folders, in the order of their versions.
fn found_in(folders: &[impl AsRef<Path>]) -> Result<Vec<FoundIn>, FolderError> {
    let mut found = Vec::new();
    for folder in folders {
        let folder = folder.as_ref().to_owned();
        let names = migration_names(&folder)?.into_iter();
        found.extend(names.map(|name| FoundIn {
            name,
            folder: folder.clone(),
        }));
    }
    found.sort_by_key(|found| (name::version(&found.name), found.name.clone()));
    found.dedup_by(|one, other| one.name == other.name && one.up() == other.up());
    Ok(found)
}

impl FoundIn {
    fn up(&self) -> Option<Vec<u8>> {
        let file = self.folder.join(&self.name).join("up.sql");
        // Reading a pipe waits until somebody writes into it.
        let is_file = fs::metadata(&file).is_ok_and(|found| found.is_file());
        is_file.then(|| fs::read(&file).ok()).flatten()
    }
}

/// The names of the folders, in the order of their versions.
fn migration_names(folder: &Path) -> Result<Vec<String>, FolderError> {
    let unreadable = |source| FolderError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let mut names = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // The metadata of what a link leads to, as Diesel asks for them.
        let is_file = fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file());
        if !is_file && !name.starts_with('.') {
            names.insert((name::version(&name), name.clone()), name);
        }
    }
    Ok(names.into_values().collect())
}

/// One migration that is being read.
struct Migration<'a> {
    stream: Stream,
    folder: PathBuf,
    options: &'a Options,
}

/// What there is of a file.
enum Content {
    Missing,
    Text(String),
    NotText,
}

/// One of the two files of a migration.
struct SqlFile {
    direction: Direction,
    in_transaction: bool,
    content: Content,
}

impl SqlFile {
    fn new(direction: Direction, in_transaction: bool, content: Content) -> Self {
        Self {
            direction,
            in_transaction,
            content,
        }
    }
}

impl Migration<'_> {
    fn read(
        &self,
        mut of_migration: Vec<Found>,
        of_stream: Vec<Found>,
        report: &mut Report,
    ) -> Result<(), FolderError> {
        let metadata = match self.content("metadata.toml")? {
            Content::Missing => Metadata::default(),
            Content::Text(text) => metadata::read(&text),
            Content::NotText => metadata::read("\0"),
        };
        let in_transaction = metadata.in_transaction;
        if let Some(found) = metadata.found {
            report.findings.extend(self.about("metadata.toml", found));
        }
        match self.content("up.sql")? {
            Content::Missing => of_migration.push(no_up_file()),
            content => {
                let of_migration = std::mem::take(&mut of_migration);
                let up = SqlFile::new(Direction::Up, in_transaction, content);
                self.lint(up, of_migration, Some(of_stream), report);
            }
        }
        // What has no file to stand in.
        for found in of_migration {
            report.findings.extend(self.about("", found));
        }
        match self.content("down.sql")? {
            Content::Missing => report.findings.extend(self.about("", no_down_file())),
            content => {
                let down = SqlFile::new(Direction::Down, in_transaction, content);
                self.lint(down, Vec::new(), None, report);
            }
        }
        Ok(())
    }

    /// `of_stream` is what the stream shows in the file, if it is part of the stream.
    fn lint(
        &self,
        file: SqlFile,
        of_migration: Vec<Found>,
        of_stream: Option<Vec<Found>>,
        report: &mut Report,
    ) {
        report.files += 1;
        let name = match file.direction {
            Direction::Up => "up.sql",
            Direction::Down => "down.sql",
        };
        let Content::Text(text) = file.content else {
            let found = of_migration.into_iter().chain([not_text()]);
            report
                .findings
                .extend(found.filter_map(|found| self.about(name, found)));
            return;
        };
        let sql = SqlText {
            stream: self.stream,
            direction: file.direction,
            in_transaction: file.in_transaction,
            file: &self.folder.join(name),
            text: &text,
        };
        let of_stream = of_stream.unwrap_or_else(|| check_one(&text));
        let found = lint_with(&sql, self.options, of_migration, of_stream);
        report.findings.extend(found);
    }

    /// A finding at the start of a file, or of the folder if `file` is empty.
    fn about(&self, file: &str, found: Found) -> Option<Finding> {
        let path = if file.is_empty() {
            self.folder.clone()
        } else {
            self.folder.join(file)
        };
        let lines = crate::text::Lines::of("");
        self.options
            .is_on(&found.rule)
            .then(|| found.at(path, &lines))
    }

    fn content(&self, name: &str) -> Result<Content, FolderError> {
        let path = self.folder.join(name);
        // Reading a pipe waits until somebody writes into it.
        if fs::metadata(&path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            let source = io::Error::other("not a regular file");
            return Err(FolderError::Unreadable { path, source });
        }
        match fs::read(&path) {
            Ok(bytes) => Ok(String::from_utf8(bytes).map_or(Content::NotText, Content::Text)),
            // A link that leads nowhere is there.
            Err(error)
                if error.kind() == io::ErrorKind::NotFound
                    && fs::symlink_metadata(&path).is_err() =>
            {
                Ok(Content::Missing)
            }
            Err(source) => Err(FolderError::Unreadable { path, source }),
        }
    }
}

fn no_up_file() -> Found {
    let message = "the folder has no up.sql, so Diesel rejects the whole stream";
    Found::new(0, "not-a-migration", message).hint("Add up.sql, or delete the folder.")
}

fn not_text() -> Found {
    let message = "the file is not UTF-8 text, so Diesel cannot read it";
    Found::new(0, "unreadable-file", message).hint("Save the file as UTF-8.")
}
