//! The one place where environment variables are read.
//!
//! A variable of the process counts before one in `.env`, which is looked for
//! in the current folder and those above. Values are read, never set.

use std::env::VarError;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use tenant_core::LibpqDefaults;

use crate::env_file::{self, EnvFile};
use crate::exit::UsageError;
use crate::settings::{Origin, env_place};

/// What the environment says. Each of these stands in `.env.example`.
#[derive(Debug, Default)]
pub struct Environment {
    /// `DATABASE_URL`: the database to work on.
    pub database_url: Option<String>,
    /// `PGHOST`, `PGPASSWORD`, `PGSERVICE` and the others of libpq: what the URL leaves out.
    pub libpq: LibpqDefaults,
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
}

impl Environment {
    /// Reads the process's variables and `.env`.
    ///
    /// # Errors
    ///
    /// A `.env` that cannot be read; what stands in it is not shown.
    pub fn read() -> anyhow::Result<Self> {
        let file = file()?;
        let get = |name: &str| match std::env::var(name) {
            Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
            Err(VarError::NotPresent) => Ok(file.get(name)?.filter(|value| !value.is_empty())),
            Err(VarError::NotUnicode(_)) => Err(not_unicode(name)),
        };
        Ok(Self {
            database_url: get("DATABASE_URL")?,
            libpq: libpq_defaults(get)?,
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
        })
    }

    /// The variable `name`, which the settings name: of the process, else of `.env`.
    ///
    /// # Errors
    ///
    /// As [`Environment::read`].
    pub fn variable(name: &str) -> anyhow::Result<Option<String>> {
        let value = match std::env::var(name) {
            Ok(value) => Some(value),
            Err(VarError::NotPresent) => file()?.get(name)?,
            Err(VarError::NotUnicode(_)) => return Err(not_unicode(name)),
        };
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// The variable by which a shell asks for completions.
    pub const COMPLETING_SHELL: &str = "TENANTS_COMPLETE";

    /// The shell that asks for completions, if one does.
    #[must_use]
    pub fn completing_shell() -> Option<String> {
        Self::of_process(Self::COMPLETING_SHELL)
    }

    /// The variable `name` of the process, whatever `.env` contains.
    #[must_use]
    pub fn of_process(name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    /// Where the variable `name` has its value from, which is set.
    #[must_use]
    pub fn origin(name: &str) -> Origin {
        match std::env::var_os(name) {
            Some(_) => Origin::Environment(name.to_owned()),
            None => Origin::EnvFile(env_place::of(name)),
        }
    }
}

/// The nearest `.env`, if there is one.
#[must_use]
pub fn env_file() -> Option<PathBuf> {
    env_file::path(&std::env::current_dir().ok()?)
}

/// What the nearest `.env` says.
fn file() -> anyhow::Result<EnvFile> {
    let here = std::env::current_dir().context("could not find the current folder")?;
    EnvFile::nearest(&here, |name| std::env::var(name).is_ok())
}

fn not_unicode(name: &str) -> anyhow::Error {
    anyhow!(UsageError(format!(
        "the variable {name} is not valid UTF-8"
    )))
}

/// The variables that libpq knows, and those that say where its files are.
fn libpq_defaults(
    get: impl Fn(&str) -> anyhow::Result<Option<String>>,
) -> anyhow::Result<LibpqDefaults> {
    let mut variables = Vec::new();
    for name in LibpqDefaults::variable_names() {
        match get(name) {
            Ok(value) => variables.extend(value.map(|value| (name.to_owned(), value))),
            // A folder whose name is not UTF-8 is no reason to do nothing at all.
            Err(_) if matches!(name, "HOME" | "APPDATA") => {}
            Err(error) => return Err(error),
        }
    }
    Ok(LibpqDefaults::from_variables(variables))
}
