//! [`Invocation`]: how this program is called, for the commands that it advises.
//!
//! The one place that spells a command. What is shown can be pasted into a shell: it
//! works with the same migrations on the same database as this run, because the
//! options that say so are repeated.

use std::ffi::OsStr;

use tenant_core::remedy::Command;
use tenant_core::{At, Version};

use crate::{Common, shell, url};

/// How this program is called, and the options of this run that its advice repeats.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    spelling: Spelling,
    /// As they are typed.
    options: Vec<String>,
}

/// What can be called.
#[derive(Debug, Clone, Copy)]
pub enum Action<'a> {
    /// A call of the library.
    Library(&'a Command),
    /// Stops the project's own server.
    StopServer,
    /// Writes the migration that an edited `schema.rs` needs, for one stream.
    GenerateMigration(&'a str),
    /// Regenerates the `schema.rs` of one stream.
    PrintSchema(&'a str),
}

impl<'a> From<&'a Command> for Action<'a> {
    fn from(command: &'a Command) -> Self {
        Self::Library(command)
    }
}

impl Invocation {
    /// The options are repeated that were given as options: the environment and `.env`
    /// are there again when the advice is followed. A URL is shown without its
    /// password.
    #[must_use]
    pub fn of(common: &Common) -> Self {
        let mut this = Self::default();
        if let Some(file) = &common.config {
            this = this.with("--config", file);
        }
        if let Some(folder) = &common.migrations_dir {
            this = this.with("--migrations-dir", folder);
        }
        if let Some(url) = &common.database_url {
            this = this.with_url("--database-url", url);
        }
        if let Some(schema) = &common.extensions_schema {
            this = this.with("--extensions-schema", schema);
        }
        for name in &common.shared_objects {
            this = this.with("--shared-object", name);
        }
        this
    }

    /// Repeats one more option.
    #[must_use]
    pub fn with(mut self, option: &str, value: impl AsRef<OsStr>) -> Self {
        let value = value.as_ref();
        if value.as_encoded_bytes().starts_with(b"-") {
            let mut joined = OsStr::new(option).to_owned();
            joined.push("=");
            joined.push(value);
            self.options.push(shell::quoted(&joined));
        } else {
            self.options
                .push(format!("{option} {}", shell::quoted(value)));
        }
        self
    }

    /// Repeats one more option, a URL, without its password. A URL that cannot be shown
    /// is left to the reader: without the option, the command would find another
    /// database.
    #[must_use]
    pub fn with_url(self, option: &str, url: &str) -> Self {
        let shown = url::without_password(url);
        self.with(option, shown.as_deref().unwrap_or("URL"))
    }

    /// The command that does this, as it is typed.
    #[must_use]
    pub fn call<'a>(&self, action: impl Into<Action<'a>>) -> String {
        let action = action.into();
        let words = self.spelling.words(action).into_iter();
        let words = words.map(|word| shell::quoted(OsStr::new(&word)));
        let options = match action {
            Action::StopServer => &[],
            _ => self.options.as_slice(),
        };
        words
            .chain(options.iter().cloned())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// How commands are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Spelling {
    /// As aliases of this workspace.
    #[default]
    Xtask,
}

impl Spelling {
    /// The program and its arguments.
    fn words(self, action: Action<'_>) -> Vec<String> {
        let Self::Xtask = self;
        let (alias, arguments) = alias(action);
        let words = ["cargo", "xtask"].into_iter().map(str::to_owned);
        words.chain([alias]).chain(arguments).collect()
    }
}

/// The alias in `xtask/src/alias.rs`, and what follows it.
fn alias(action: Action<'_>) -> (String, Vec<String>) {
    let (alias, arguments) = match action {
        Action::Library(command) => return of_the_library(command),
        Action::StopServer => ("db:stop".to_owned(), Vec::new()),
        Action::GenerateMigration(stream) => (format!("db:generate:{stream}"), Vec::new()),
        Action::PrintSchema(stream) => (format!("db:schema:{stream}"), Vec::new()),
    };
    (alias, arguments)
}

fn of_the_library(command: &Command) -> (String, Vec<String>) {
    let only = |name: &tenant_core::TenantName| vec!["--only".to_owned(), name.to_string()];
    let (alias, arguments) = match command {
        Command::MigratePublic => ("db:migrate", Vec::new()),
        Command::MigrateTenants => ("db:migrate:tenants", Vec::new()),
        Command::MigrateTenant(name) => ("db:migrate:tenant", vec![name.to_string()]),
        Command::CreateTenant(Some(name)) => ("db:create:tenant", vec![name.to_string()]),
        Command::CreateTenant(None) => ("db:create:tenant", vec!["NAME".to_owned()]),
        Command::ListTenants => ("db:list:tenants", Vec::new()),
        Command::DropTenant(name) => ("db:drop:tenant", vec![name.to_string()]),
        Command::AdoptTenant { name, at } => {
            let at = at.iter().flat_map(|at| ["--at".to_owned(), version(at)]);
            let arguments = std::iter::once(name.to_string()).chain(at);
            ("db:adopt:tenant", arguments.collect())
        }
        Command::RepairTenant(name) => ("db:repair:tenant", vec![name.to_string()]),
        Command::CheckTenants => ("db:health:check", Vec::new()),
        Command::CheckQuickly => ("db:health:check", vec!["--quick".to_owned()]),
        Command::CheckTenant(name) => ("db:health:check", only(name)),
        Command::DistributeTenant(name) => ("db:distribute:tenants", only(name)),
        Command::KeepSpares(count) => ("db:spare:tenants", vec![count.to_string()]),
        Command::Squash => ("db:squash:tenants", vec!["--dry-run".to_owned()]),
        Command::AcceptEdits(versions) => {
            let named = |version: &Version| ["--migration".to_owned(), version.to_string()];
            ("db:accept:edits", versions.iter().flat_map(named).collect())
        }
        // The overview, for a command of a newer library.
        _ => ("help", Vec::new()),
    };
    (alias.to_owned(), arguments)
}

/// A version as `--at` takes it: 0 is before the first migration.
fn version(at: &At) -> String {
    match at {
        At::Version(version) => version.to_string(),
        At::Nothing => "0".to_owned(),
    }
}
