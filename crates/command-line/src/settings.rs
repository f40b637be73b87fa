//! The settings of a project, in its `tenants.toml`.
//!
//! An option comes before the environment, that before `.env`, that before this file,
//! and this before a default. Without the file, everything is as if it were empty.
//! What a command uses of it is asked through its [`Context`](crate::Context);
//! `open` makes values of the library of it.

mod context;
mod defaults;
mod duration;
pub(crate) mod env_place;
mod find;
mod folders;
mod in_force;
mod keys;
mod mistake;
mod nearest;
mod of_options;
mod open;
mod origin;
mod placed;
mod read;
mod reader;
mod table_name;
mod value;
mod words;
mod written;

use std::path::{Path, PathBuf};

use crate::Environment;

pub use defaults::matches;
pub use find::FILE;
pub use folders::read_folders;
pub use in_force::{Setting, Values};
pub use open::HooksOn;
pub use origin::Origin;
pub use placed::{PerStream, Placed};
pub use table_name::{TableName, sql_name};
pub use written::{
    DatabaseUrl, Defaults, Hooks, Lint, Names, PathAtRunTime, RegistryPlace, Transaction, Written,
};

/// The settings of a project. The default is a project without the file.
#[derive(Debug, Clone, Default)]
pub struct ProjectSettings {
    file: Option<PathBuf>,
    written: Written,
}

impl ProjectSettings {
    /// Reads the file that `option`, else `TENANTS_CONFIG`, names, else the nearest
    /// `tenants.toml`: in the current folder or one above it, up to the root of a git
    /// repository.
    ///
    /// # Errors
    ///
    /// A wrong use if the named file does not exist, or if a file cannot be read or has a
    /// mistake. Each mistake is named with line and column.
    pub fn find(option: Option<&Path>, environment: &Environment) -> anyhow::Result<Self> {
        match find::file(option, environment)? {
            Some(file) => Self::read(file),
            None => Ok(Self::default()),
        }
    }

    /// Reads `file`.
    ///
    /// # Errors
    ///
    /// As [`ProjectSettings::find`].
    pub fn read(file: PathBuf) -> anyhow::Result<Self> {
        let text = find::text(&file)?;
        let written = read::settings(&text, &file)?;
        Ok(Self {
            file: Some(file),
            written,
        })
    }

    /// The file, as an absolute path; `None` if there is none.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The folder of the file, which is the project's.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.file.as_deref().and_then(Path::parent)
    }

    /// What the file says.
    #[must_use]
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// The place of a value for messages, as in `tenants.toml:3`.
    #[must_use]
    pub fn place(&self, line: usize) -> String {
        let file = self.file.as_deref().unwrap_or(Path::new(FILE));
        format!("{}:{line}", find::shown(file))
    }

    /// Where a value of the file comes from.
    fn origin(&self, line: usize) -> Origin {
        Origin::Settings(self.place(line))
    }
}

#[cfg(test)]
mod tests;
