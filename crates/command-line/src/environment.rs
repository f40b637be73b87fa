//! The one place where environment variables are read.
//!
//! A variable of the process counts before one in `.env`, which is looked for
//! in the current folder and those above. Values are read, never set.

use std::collections::{BTreeMap, HashMap};
use std::env::VarError;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use crate::exit::UsageError;
use crate::files;
use crate::settings::Origin;

/// What the environment says. Each of these stands in `.env.example`.
#[derive(Debug, Default)]
pub struct Environment {
    /// `DATABASE_URL`: the database to work on.
    pub database_url: Option<String>,
    /// `PG_BIN`: the folder with the programs of the project's own server.
    pub pg_bin: Option<PathBuf>,
    /// `TENANT_EXTENSIONS_SCHEMA`: a schema behind the tenant's in the path.
    pub extensions_schema: Option<String>,
    /// `TENANT_SHARED_OBJECTS`: what tenant migrations may change there, between commas.
    pub shared_objects: Vec<String>,
    /// `TENANT_APP_ROLE`: the role that the application logs in as.
    pub app_role: Option<String>,
    /// `TENANTS_CONFIG`: the file with the project's settings.
    pub config: Option<PathBuf>,
    /// `CARGO_TARGET_DIR`: Cargo's folder for what it builds.
    pub target_folder: Option<PathBuf>,
    /// `DISPLAY`: whether programs with windows can be started. Nothing to
    /// configure.
    pub has_windows: bool,
    /// Where each variable comes from that is set.
    origins: BTreeMap<&'static str, Origin>,
    file: EnvFile,
}

/// A `.env`, if there is one.
#[derive(Default)]
struct EnvFile {
    path: PathBuf,
    text: String,
    values: HashMap<String, String>,
}

impl std::fmt::Debug for EnvFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("EnvFile").field(&self.path).finish()
    }
}

impl EnvFile {
    /// Where `name` is set, as `.env:3`. The last line with the name counts.
    fn origin(&self, name: &str) -> Origin {
        let sets = |line: &str| {
            let line = line.trim_start_matches('\u{feff}').trim_start();
            let line = line.strip_prefix("export ").unwrap_or(line);
            let assigned = line.split_once('=');
            assigned.is_some_and(|(set, _)| set.trim() == name)
        };
        let lines = self.text.lines().enumerate();
        let line = lines.filter(|(_, line)| sets(line)).last();
        let file = crate::settings::shown(&self.path);
        Origin::EnvFile(match line {
            Some((index, _)) => format!("{file}:{}", index + 1),
            None => file,
        })
    }
}

impl Environment {
    /// Reads the process's variables and `.env`.
    ///
    /// # Errors
    ///
    /// A `.env` that cannot be read; what stands in it is not shown.
    pub fn read() -> anyhow::Result<Self> {
        let file = read_file()?;
        let mut origins = BTreeMap::new();
        let mut get = |name: &'static str| -> anyhow::Result<Option<String>> {
            let Some((value, origin)) = variable(&file, name)? else {
                return Ok(None);
            };
            origins.insert(name, origin);
            Ok(Some(value))
        };
        Ok(Self {
            database_url: get("DATABASE_URL")?,
            pg_bin: get("PG_BIN")?.map(PathBuf::from),
            extensions_schema: get("TENANT_EXTENSIONS_SCHEMA")?,
            shared_objects: get("TENANT_SHARED_OBJECTS")?.map_or_else(Vec::new, |list| {
                let names = list.split(',').map(str::trim);
                let names = names.filter(|name| !name.is_empty());
                names.map(str::to_owned).collect()
            }),
            app_role: get("TENANT_APP_ROLE")?,
            config: get("TENANTS_CONFIG")?.map(PathBuf::from),
            target_folder: get("CARGO_TARGET_DIR")?.map(PathBuf::from),
            has_windows: cfg!(target_os = "macos") || get("DISPLAY")?.is_some(),
            origins,
            file,
        })
    }

    /// Where the variable `name` comes from, which is one of the fields.
    #[must_use]
    pub fn origin(&self, name: &str) -> Option<&Origin> {
        self.origins.get(name)
    }

    /// The variable `name`, which the settings name, and where it comes from.
    ///
    /// # Errors
    ///
    /// A value that is not UTF-8.
    pub fn variable(&self, name: &str) -> anyhow::Result<Option<(String, Origin)>> {
        variable(&self.file, name)
    }
}

/// The variable of the process, else of `.env`. An empty one counts as none; one of the
/// process hides one of `.env` all the same.
fn variable(file: &EnvFile, name: &str) -> anyhow::Result<Option<(String, Origin)>> {
    let found = match std::env::var(name) {
        Ok(value) => Some((value, Origin::Environment(name.to_owned()))),
        Err(VarError::NotPresent) => {
            let value = file.values.get(name).cloned();
            value.map(|value| (value, file.origin(name)))
        }
        Err(VarError::NotUnicode(_)) => {
            return Err(anyhow!(UsageError(format!(
                "the variable {name} is not valid UTF-8"
            ))));
        }
    };
    Ok(found.filter(|(value, _)| !value.is_empty()))
}

fn read_file() -> anyhow::Result<EnvFile> {
    let here = std::env::current_dir().context("finding the current folder")?;
    let mut candidates = here.ancestors().map(|folder| folder.join(".env"));
    let Some(file) = candidates.find(|file| files::is_there(file)) else {
        return Ok(EnvFile::default());
    };
    let text = std::fs::read_to_string(&file)
        .map_err(|error| anyhow!(UsageError(error.to_string())))
        .with_context(|| format!("the file {} cannot be read", file.display()))?;
    let read = dotenvy::from_read_iter(text.as_bytes()).collect::<Result<_, _>>();
    let values = read.map_err(|error| anyhow!(UsageError(unreadable(&file, &text, &error))))?;
    Ok(EnvFile {
        path: file,
        text,
        values,
    })
}

/// Which line it is. The library's own message quotes it, password and all.
fn unreadable(file: &Path, text: &str, error: &dotenvy::Error) -> String {
    let line = match error {
        dotenvy::Error::LineParse(culprit, _) => {
            text.lines().position(|line| line.contains(culprit.trim()))
        }
        _ => None,
    };
    let place = line.map_or_else(|| "a line".to_owned(), |line| format!("line {}", line + 1));
    format!(
        "{place} of the file {} is not of the form NAME=value (put quotes around a value with \
         spaces or special characters)",
        file.display()
    )
}
