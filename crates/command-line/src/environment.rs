//! The one place where environment variables are read.
//!
//! A variable of the process counts before one in `.env`, which is looked for
//! in the current folder and those above. Values are read, never set.

use std::collections::HashMap;
use std::env::VarError;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use crate::exit::UsageError;
use crate::files;

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
    /// `CARGO_TARGET_DIR`: Cargo's folder for what it builds.
    pub target_folder: Option<PathBuf>,
    /// `DISPLAY`: whether programs with windows can be started. Nothing to
    /// configure.
    pub has_windows: bool,
}

impl Environment {
    /// Reads the process's variables and `.env`.
    ///
    /// # Errors
    ///
    /// A `.env` that cannot be read; what stands in it is not shown.
    pub fn read() -> anyhow::Result<Self> {
        let file = read_file()?;
        let get = |name: &str| match std::env::var(name) {
            Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
            Err(VarError::NotPresent) => {
                Ok(file.get(name).cloned().filter(|value| !value.is_empty()))
            }
            Err(VarError::NotUnicode(_)) => Err(anyhow!(UsageError(format!(
                "the variable {name} is not valid UTF-8"
            )))),
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
            target_folder: get("CARGO_TARGET_DIR")?.map(PathBuf::from),
            has_windows: cfg!(target_os = "macos") || get("DISPLAY")?.is_some(),
        })
    }
}

fn read_file() -> anyhow::Result<HashMap<String, String>> {
    let here = std::env::current_dir().context("finding the current folder")?;
    let mut candidates = here.ancestors().map(|folder| folder.join(".env"));
    let Some(file) = candidates.find(|file| files::is_there(file)) else {
        return Ok(HashMap::new());
    };
    let text = std::fs::read_to_string(&file)
        .map_err(|error| anyhow!(UsageError(error.to_string())))
        .with_context(|| format!("the file {} cannot be read", file.display()))?;
    let read = dotenvy::from_read_iter(text.as_bytes()).collect::<Result<_, _>>();
    read.map_err(|error| anyhow!(UsageError(unreadable(&file, &text, &error))))
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
