//! The one place where environment variables are read.
//!
//! A variable of the process counts before one in `.env`, which is looked for
//! in the current folder and those above. Values are read, never set.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};

use crate::exit::UsageError;

/// What the environment says. Each of these stands in `.env.example`.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// `DATABASE_URL`: the database to work on.
    pub(crate) database_url: Option<String>,
    /// `PG_BIN`: the folder with the programs of the project's own server.
    pub(crate) pg_bin: Option<PathBuf>,
    /// `TENANT_EXTENSIONS_SCHEMA`: a schema behind the tenant's in the path.
    pub(crate) extensions_schema: Option<String>,
}

impl Environment {
    /// Reads the process's variables and `.env`.
    ///
    /// # Errors
    ///
    /// A `.env` that cannot be read; what stands in it is not shown.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let file = read_file()?;
        let get = |name: &str| {
            let value = std::env::var(name).ok().or_else(|| file.get(name).cloned());
            value.filter(|value| !value.is_empty())
        };
        Ok(Self {
            database_url: get("DATABASE_URL"),
            pg_bin: get("PG_BIN").map(PathBuf::from),
            extensions_schema: get("TENANT_EXTENSIONS_SCHEMA"),
        })
    }
}

fn read_file() -> anyhow::Result<HashMap<String, String>> {
    let lines = match dotenvy::dotenv_iter() {
        Ok(lines) => lines,
        Err(error) if error.not_found() => return Ok(HashMap::new()),
        Err(error) => return Err(anyhow!(error)).context("reading the file .env"),
    };
    let read = lines.enumerate().map(|(number, line)| {
        line.map_err(|_| {
            // The library's own message quotes the line, password and all.
            let entry = number + 1;
            anyhow!(UsageError(format!(
                "entry {entry} of the file .env is not of the form NAME=value (put quotes around \
                 a value with spaces or special characters)"
            )))
        })
    });
    read.collect()
}
