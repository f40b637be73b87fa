//! What all commands share: from the arguments to the exit code.

use std::process::ExitCode;

use clap::Parser;
use tenant_core::{MigrationSet, Migrations, Tenants};

use crate::environment::Environment;
use crate::exit::Verdict;
use crate::{Common, Output, database, hints, json};

/// A command.
#[expect(
    async_fn_in_trait,
    reason = "commands run on one task and are not spawned"
)]
pub trait Script: Parser {
    /// The common options it was given.
    fn common(&self) -> &Common;

    /// Does it.
    async fn run(self, context: &Context) -> anyhow::Result<Verdict>;
}

/// What a command works with.
#[derive(Debug)]
pub struct Context {
    common: Common,
    pub(crate) environment: Environment,
    /// Where its words go.
    pub output: Output,
}

impl Context {
    fn new(common: Common) -> anyhow::Result<Self> {
        Ok(Self {
            output: Output::new(&common),
            environment: Environment::read()?,
            common,
        })
    }

    /// The database that the options, the environment or the project name.
    pub(crate) async fn database(&self) -> anyhow::Result<tenant_core::Database> {
        let url = database::find_url(&self.common, &self.environment, self.output).await?;
        let database = tenant_core::Database::parse(&url)?;
        self.output.detail(&format!("database: {database}"));
        Ok(database)
    }

    /// The project's own server, whatever database is named.
    pub(crate) fn project_server(&self) -> anyhow::Result<local_postgres::ProjectServer> {
        database::project_server(&self.common, &self.environment, self.output)
    }

    /// The schema for extensions, if one is configured.
    pub(crate) fn extensions(&self) -> Option<tenant_core::ExtensionsSchema> {
        let option = self.common.extensions_schema.as_ref();
        let name = option.or(self.environment.extensions_schema.as_ref())?;
        Some(tenant_core::ExtensionsSchema::new(name))
    }

    /// The tenants of that database.
    ///
    /// # Errors
    ///
    /// Migrations that cannot be read, or a database that cannot be reached.
    pub async fn tenants(&self) -> anyhow::Result<Tenants> {
        self.tenants_with(tenant_core::Settings::default()).await
    }

    /// The tenants of that database, with other settings.
    ///
    /// # Errors
    ///
    /// As [`Context::tenants`].
    pub async fn tenants_with(&self, settings: tenant_core::Settings) -> anyhow::Result<Tenants> {
        let settings = tenant_core::Settings {
            extensions: self.extensions(),
            ..settings
        };
        let migrations = self.migrations()?;
        let database = self.database().await?;
        Ok(Tenants::open(database, migrations, settings).await?)
    }

    fn migrations(&self) -> anyhow::Result<Migrations> {
        let Some(folder) = &self.common.migrations_dir else {
            return Ok(Migrations {
                public: MigrationSet::from_source(&schema_public::MIGRATIONS)?,
                tenant: MigrationSet::from_source(&schema_tenant::MIGRATIONS)?,
            });
        };
        Ok(Migrations {
            public: database::read_folder(&folder.join("public"))?,
            tenant: database::read_folder(&folder.join("tenant"))?,
        })
    }
}

/// Runs a command from the process's arguments.
#[must_use]
pub fn run<S: Script>() -> ExitCode {
    match S::try_parse() {
        Ok(script) => execute(script).into(),
        Err(error) => refuse(&error).into(),
    }
}

fn execute<S: Script>(script: S) -> Verdict {
    let output = Output::new(script.common());
    let result = Context::new(script.common().clone()).and_then(|context| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(script.run(&context))
    });
    result.unwrap_or_else(|error| fail(output, &error))
}

/// Reports the error that ended a command.
fn fail(output: Output, error: &anyhow::Error) -> Verdict {
    output.problem(&hints::render(error));
    if output.is_json()
        && let Err(error) = output.document(&json::Failure::of(error))
    {
        output.problem(&hints::render(&error));
    }
    Verdict::of(error)
}

/// Reports arguments that clap does not accept, or shows the help that was
/// asked for.
fn refuse(error: &clap::Error) -> Verdict {
    let output = Output::new(&Common::json());
    let mut message = error.to_string();
    if may_hold_a_password(&message) {
        CONCEALED.clone_into(&mut message);
        output.problem(&message);
    } else {
        // There is nobody left to tell when this fails.
        let _ = error.print();
    }
    if !error.use_stderr() {
        return Verdict::Done;
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        let _ = output.document(&json::Failure::usage(without_usage(&message)));
    }
    Verdict::Usage
}

/// clap's message on one line, without the form of the command behind it.
fn without_usage(message: &str) -> String {
    let lines = message.lines().map(str::trim);
    let told = lines.take_while(|line| !line.starts_with("Usage:"));
    let told = told.filter(|line| !line.is_empty()).collect::<Vec<_>>();
    told.join(" ").trim_start_matches("error: ").to_owned()
}

/// What is said of arguments that must not be repeated.
const CONCEALED: &str = "error: an argument is out of place that looks like a database URL; it is \
                         given as --database-url URL (see --help)";

/// clap repeats the argument that it does not understand.
fn may_hold_a_password(message: &str) -> bool {
    let url = message.split_once("://");
    url.is_some_and(|(_, rest)| {
        rest.split_whitespace()
            .next()
            .is_some_and(|url| url.contains('@'))
    })
}
