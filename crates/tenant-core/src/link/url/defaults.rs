//! [`LibpqDefaults`]: what libpq takes from the environment and the home folder.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::parameters::{Origin, Parameters};
use super::{Parts, invalid, known, servers, service, written};
use crate::ConnectError;

/// What libpq programs read from their environment for parts that a URL leaves out: the variables
/// `PGPASSWORD`, `PGPASSFILE`, `PGSERVICE`, `PGHOST`, `PGSSLMODE` and others, and the files
/// `.pgpass`, `.pg_service.conf` and `.postgresql/root.crt`, `postgresql.crt` and `postgresql.key`
/// in the home folder.
///
/// This library does not read the environment. To behave like libpq, pass the variables in.
///
/// ```
/// use tenant_core::{Database, LibpqDefaults};
///
/// let defaults = LibpqDefaults::from_variables([
///     ("PGHOST".to_owned(), "db.test".to_owned()),
///     ("PGPASSWORD".to_owned(), "secret".to_owned()),
/// ]);
/// let database = Database::with_libpq_defaults("postgres://app@/shop", &defaults)?;
/// assert_eq!(database.to_string(), "app@db.test:5432/shop");
/// # Ok::<(), tenant_core::ConnectError>(())
/// ```
#[derive(Clone, Default)]
pub struct LibpqDefaults {
    variables: BTreeMap<String, String>,
}

/// The variables that are read beside the variables of single options.
const OTHERS: [&str; 5] = [
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSYSCONFDIR",
    "HOME",
    "APPDATA",
];

/// Where a service is looked for at last; each distribution has its own, and this is
/// Debian's.
const SYSTEM_FOLDER: &str = "/etc/postgresql-common";

/// The file of passwords.
const PASSWORDS: &str = if cfg!(windows) {
    "pgpass.conf"
} else {
    ".pgpass"
};

impl LibpqDefaults {
    /// Takes the relevant variables. An empty variable counts as missing.
    #[must_use]
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let names = Self::variable_names().collect::<Vec<_>>();
        let variables = variables.into_iter();
        let variables =
            variables.filter(|(name, value)| names.contains(&name.as_str()) && !value.is_empty());
        Self {
            variables: variables.collect(),
        }
    }

    /// Returns the names of all relevant variables.
    pub fn variable_names() -> impl Iterator<Item = &'static str> {
        let options = known::ALL.iter().filter_map(|known| known.variable);
        options.chain(OTHERS)
    }

    /// Returns the variables that name a database and are set: `PGSERVICE` and `PGDATABASE`.
    /// Without one of them, a program would guess.
    pub fn naming_a_database(&self) -> impl Iterator<Item = &'static str> {
        ["PGSERVICE", "PGDATABASE"]
            .into_iter()
            .filter(|name| self.get(name).is_some())
    }

    /// Adds to `url` everything that libpq would read from elsewhere, so that any program can use
    /// it. If nothing is added, the text does not change.
    ///
    /// `postgres://` leaves everything out. The result can contain a password, so never show it.
    ///
    /// # Errors
    ///
    /// As [`Database::with_libpq_defaults`](crate::Database::with_libpq_defaults).
    pub fn complete(&self, url: &str) -> Result<String, ConnectError> {
        let given = super::read(url)?;
        let mut complete = self.completed(given.clone())?;
        let parts = Parts::of(complete.clone())?;
        // The file stays where it says more than one password can, and what it is ignored for.
        if let Some(password) = parts.one_password() {
            complete.set_password(password.to_vec());
            complete.remove("passfile");
        } else if !given.has("passfile") && !parts.needs_passfile() {
            complete.remove("passfile");
        }
        match complete == given && super::uri::without_scheme(url).is_some() {
            true => Ok(url.to_owned()),
            false => Ok(written::url(&complete)),
        }
    }

    pub(in crate::link) fn completed(
        &self,
        mut parameters: Parameters,
    ) -> Result<Parameters, ConnectError> {
        self.add_service(&mut parameters)?;
        parameters
            .fill_from(|name| self.get(name))
            .map_err(invalid)?;
        self.add_files(&mut parameters);
        if let (None, Some(role)) = (parameters.get("user"), servers::system_role()) {
            parameters.put("user", role, Origin::System);
        }
        Ok(parameters)
    }

    /// The name of the service of these parameters, if there is one.
    pub(super) fn service_of<'a>(&'a self, parameters: &'a Parameters) -> Option<&'a str> {
        parameters.get("service").or(self.get("PGSERVICE"))
    }

    fn add_service(&self, parameters: &mut Parameters) -> Result<(), ConnectError> {
        let is_of_url = parameters.get("service").is_some();
        let Some(name) = self.service_of(parameters).map(str::to_owned) else {
            return Ok(());
        };
        let named = parameters.get("servicefile").or(self.get("PGSERVICEFILE"));
        let of_user = match named {
            Some(file) => Some(PathBuf::from(file)),
            None => self
                .folder("")
                .map(|folder| folder.join(".pg_service.conf")),
        };
        let of_system = Path::new(self.get("PGSYSCONFDIR").unwrap_or(SYSTEM_FOLDER));
        let files = of_user
            .into_iter()
            .chain([of_system.join("pg_service.conf")]);
        let added = service::add(parameters, &name, &files.collect::<Vec<_>>());
        added.map_err(|reason| match is_of_url {
            true => invalid(reason),
            false => ConnectError::Variable {
                variable: "PGSERVICE",
                reason,
            },
        })?;
        parameters.remove("service");
        parameters.remove("servicefile");
        Ok(())
    }

    /// The files in the home folder, as far as they exist and count.
    fn add_files(&self, parameters: &mut Parameters) {
        let passwords = self.folder("").map(|folder| folder.join(PASSWORDS));
        if let Some(file) = passwords.filter(|_| !parameters.has("password")) {
            add_file(parameters, "passfile", &file);
        }
        let Some(folder) = self.folder(".postgresql") else {
            return;
        };
        if parameters.get("sslmode") == Some("disable") {
            return;
        }
        add_file(parameters, "sslrootcert", &folder.join("root.crt"));
        let key = folder.join("postgresql.key");
        if key.exists() {
            add_file(parameters, "sslcert", &folder.join("postgresql.crt"));
        }
        if parameters.has("sslcert") {
            add_file(parameters, "sslkey", &key);
        }
    }

    /// The folder in the home folder that is called so; on Windows everything is in one.
    fn folder(&self, name: &str) -> Option<PathBuf> {
        match cfg!(windows) {
            true => Some(Path::new(self.get("APPDATA")?).join("postgresql")),
            false => Some(Path::new(self.get("HOME")?).join(name)),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}

/// Sets it to a file that exists, if nothing is said of it.
fn add_file(parameters: &mut Parameters, key: &'static str, file: &Path) {
    if let Some(path) = file.to_str().filter(|_| file.exists())
        && !parameters.has(key)
    {
        parameters.set(key, path);
    }
}

/// Shows names only.
impl fmt::Debug for LibpqDefaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.variables.keys();
        formatter.debug_set().entries(names).finish()
    }
}
