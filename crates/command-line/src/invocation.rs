//! [`Invocation`]: how this program is called, for the commands that it advises.
//!
//! The one place that spells a command. What is shown can be pasted into a shell: it
//! works with the same migrations on the same database as this run, because the
//! options that say so are repeated.

use std::ffi::OsStr;
use std::fmt::Display;

use tenant_core::remedy::Command;
use tenant_core::{At, Registry, TenantName, Version};

use crate::init::Stream;
use crate::{Common, MigrationFolders, shell, url};

/// How this program is called, and the options of this run that its advice repeats.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    spelling: Spelling,
    /// As they are typed.
    options: Vec<String>,
    /// What knows which schema is whose.
    registry: Registry,
    /// Where the migrations of this run are, if they are on the disk.
    folders: MigrationFolders,
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
    /// Regenerates every `schema.rs`.
    PrintSchemas,
}

impl<'a> From<&'a Command> for Action<'a> {
    fn from(command: &'a Command) -> Self {
        Self::Library(command)
    }
}

impl Invocation {
    /// As aliases of this workspace. The options are repeated that were given as options:
    /// the environment and `.env` are there again when the advice is followed. A URL is
    /// shown without its password.
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

    /// The same in another spelling.
    #[must_use]
    pub fn spelled(self, spelling: Spelling) -> Self {
        Self { spelling, ..self }
    }

    /// The same for tenants that are listed in `registry`.
    #[must_use]
    pub fn listed_in(self, registry: Registry) -> Self {
        Self { registry, ..self }
    }

    /// The list of the tenants that are spoken of.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The same with migrations in these folders.
    #[must_use]
    pub fn reading(self, folders: MigrationFolders) -> Self {
        Self { folders, ..self }
    }

    /// The file of a migration, as it can be opened. Of one that is compiled in, the folder and
    /// the file.
    #[must_use]
    pub fn file_of(&self, stream: Stream, migration: &str, file: impl Display) -> String {
        let found = self.folders.find(stream, migration, &file.to_string());
        found.unwrap_or_else(|| format!("{migration}/{file}"))
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

    /// The same with one more option that has no value.
    #[must_use]
    pub fn with_flag(mut self, option: &str) -> Self {
        self.options.push(option.to_owned());
        self
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
pub enum Spelling {
    /// As aliases of this workspace: `cargo xtask db:create:tenant`.
    #[default]
    Xtask,
    /// As subcommands of the installed program: `tenants create`.
    Tenants,
}

impl Spelling {
    /// The call whose help describes the options that all commands have.
    pub(crate) fn help_of_common_options(self) -> &'static str {
        match self {
            Self::Xtask => "cargo xtask db:config --help",
            Self::Tenants => "tenants config --help",
        }
    }

    /// The program and its arguments.
    fn words(self, action: Action<'_>) -> Vec<String> {
        let call = spelled(action);
        let (program, called) = match self {
            Self::Xtask => ("cargo xtask ", call.alias),
            Self::Tenants => ("tenants ", call.subcommand),
        };
        let words = program.split_whitespace().chain(called.split_whitespace());
        words.map(str::to_owned).chain(call.arguments).collect()
    }
}

/// A command in both spellings, words between spaces.
struct Spelled {
    /// The alias in `xtask/src/alias.rs`.
    alias: &'static str,
    /// The subcommand in `diesel-tenants/src/subcommands.rs`.
    subcommand: &'static str,
    /// What follows either.
    arguments: Vec<String>,
}

impl Spelled {
    fn new(alias: &'static str, subcommand: &'static str) -> Self {
        Self {
            alias,
            subcommand,
            arguments: Vec::new(),
        }
    }

    fn with(self, arguments: impl IntoIterator<Item = impl ToString>) -> Self {
        let arguments = arguments.into_iter().map(|argument| argument.to_string());
        Self {
            arguments: arguments.collect(),
            ..self
        }
    }
}

fn spelled(action: Action<'_>) -> Spelled {
    match action {
        Action::Library(command) => of_the_library(command),
        Action::StopServer => Spelled::new("db:stop", "stop"),
        Action::GenerateMigration("public") => {
            Spelled::new("db:generate:public", "generate --stream public")
        }
        Action::GenerateMigration(_) => {
            Spelled::new("db:generate:tenant", "generate --stream tenant")
        }
        Action::PrintSchemas => Spelled::new("db:schema", "schema"),
        Action::PrintSchema("public") => Spelled::new("db:schema:public", "schema --stream public"),
        Action::PrintSchema(_) => Spelled::new("db:schema:tenant", "schema --stream tenant"),
    }
}

fn of_the_library(command: &Command) -> Spelled {
    let call = Spelled::new;
    match command {
        Command::MigratePublic => call("db:migrate", "migrate --public"),
        Command::MigrateTenants => call("db:migrate:tenants", "migrate"),
        Command::MigrateTenant(name) => call("db:migrate:tenant", "migrate").with([name.as_str()]),
        Command::CreateTenant(Some(name)) => {
            call("db:create:tenant", "create").with([name.as_str()])
        }
        Command::CreateTenant(None) => call("db:create:tenant", "create").with(["NAME"]),
        Command::ListTenants => call("db:list:tenants", "list"),
        Command::DropTenant(name) => call("db:drop:tenant", "drop").with([name.as_str()]),
        Command::ResumeTenant(name) => call("db:resume:tenants", "resume").with([name.as_str()]),
        Command::RenameTenant { from, to } => {
            let from = from.as_ref().map_or("OLD", TenantName::as_str);
            let to = to.as_ref().map_or("NEW", TenantName::as_str);
            call("db:rename:tenant", "rename").with([from, to])
        }
        Command::AdoptTenant { name, at } => {
            let at = at.iter().flat_map(|at| ["--at".to_owned(), version(at)]);
            let arguments = std::iter::once(name.to_string()).chain(at);
            call("db:adopt:tenant", "adopt").with(arguments)
        }
        Command::CompleteHistory(name) => call("db:adopt:tenant", "adopt").with([name.as_str()]),
        Command::RepairTenant(name) => call("db:repair:tenant", "repair").with([name.as_str()]),
        Command::CheckTenants => call("db:health:check", "health"),
        Command::CheckQuickly => call("db:health:check", "health").with(["--quick"]),
        Command::CheckTenant(name) => call("db:health:check", "health").with([name.as_str()]),
        Command::DistributeTenant(name) => {
            call("db:distribute:tenants", "distribute").with([name.as_str()])
        }
        Command::KeepSpares(count) => call("db:spare:tenants", "spares").with([count]),
        Command::Squash => call("db:squash:tenants", "squash").with(["--dry-run"]),
        Command::AcceptEdits(versions) => {
            let named = |version: &Version| ["--migration".to_owned(), version.to_string()];
            call("db:accept:edits", "accept-edits").with(versions.iter().flat_map(named))
        }
        // The overview, for a command of a newer library.
        _ => call("help", "help"),
    }
}

/// A version as `--at` takes it: 0 is before the first migration.
fn version(at: &At) -> String {
    match at {
        At::Version(version) => version.to_string(),
        At::Nothing => "0".to_owned(),
    }
}
