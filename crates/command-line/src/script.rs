//! What all commands share: from the arguments to the exit code.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, Parser};

use crate::exit::Verdict;
use crate::settings::{self, ProjectSettings};
use crate::{Common, Environment, Invocation, Output, database, hints, json};

/// A command.
#[expect(
    async_fn_in_trait,
    reason = "commands run on one task and are not spawned"
)]
pub trait Script: Parser {
    /// Whether it works by the file of settings: false for a command that writes it.
    const READS_SETTINGS: bool = true;

    /// The common options it was given.
    fn common(&self) -> &Common;

    /// Does it.
    async fn run(self, context: &Context) -> anyhow::Result<Verdict>;
}

/// What a command works with.
#[derive(Debug)]
pub struct Context {
    common: Common,
    environment: Environment,
    settings: ProjectSettings,
    invocation: Invocation,
    /// The options on the command line, by their names in the code.
    given: BTreeSet<String>,
    /// Where its words go.
    pub output: Output,
}

impl Context {
    /// What the options and the environment say. [`run`] makes it for a
    /// command; this is for whoever uses a part of one.
    ///
    /// # Errors
    ///
    /// A `.env` or a variable that cannot be read, and mistakes in the file of settings.
    pub fn new(common: Common) -> anyhow::Result<Self> {
        let environment = Environment::read()?;
        let settings = ProjectSettings::find(common.config.as_deref(), &environment)?;
        Ok(Self::with(common, environment, settings))
    }

    /// The same without a file of settings, for a command that writes it.
    ///
    /// # Errors
    ///
    /// A `.env` or a variable that cannot be read.
    pub fn without_settings(common: Common) -> anyhow::Result<Self> {
        let environment = Environment::read()?;
        Ok(Self::with(common, environment, ProjectSettings::default()))
    }

    fn with(common: Common, environment: Environment, settings: ProjectSettings) -> Self {
        Self {
            output: Output::new(&common),
            invocation: Invocation::of(&common),
            given: BTreeSet::new(),
            environment,
            settings,
            common,
        }
    }

    /// The same for a command with these arguments.
    fn given(self, matches: &ArgMatches) -> Self {
        let is_given =
            |id: &&clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        let given = matches.ids().filter(is_given).map(ToString::to_string);
        Self {
            given: given.collect(),
            ..self
        }
    }

    /// Whether the option is on the command line, by its name in the code.
    #[must_use]
    pub fn is_given(&self, option: &str) -> bool {
        self.given.contains(option)
    }

    /// The settings of the project.
    #[must_use]
    pub fn settings(&self) -> &ProjectSettings {
        &self.settings
    }

    /// The common options.
    #[must_use]
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// How this program is called, for what it advises.
    #[must_use]
    pub fn invocation(&self) -> &Invocation {
        &self.invocation
    }

    /// What the environment says.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The URL of the database that the options, the environment or the project
    /// name. It can hold a password: it is for connecting, never for showing.
    ///
    /// # Errors
    ///
    /// When the project's own server is needed, and there is none or it does
    /// not start.
    pub async fn database_url(&self) -> anyhow::Result<String> {
        let Self {
            common,
            environment,
            settings,
            output,
            ..
        } = self;
        database::find_url(common, environment, settings, *output).await
    }

    /// That database. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// As [`Context::database_url`], and a URL that cannot be read.
    pub async fn database(&self) -> anyhow::Result<tenant_core::Database> {
        let url = self.database_url().await?;
        let database = tenant_core::Database::parse(&url)?;
        self.output.detail(&format!("database: {database}"));
        Ok(database)
    }

    /// The project's own server, whatever database is named.
    ///
    /// # Errors
    ///
    /// When the current folder is in no project.
    pub fn project_server(&self) -> anyhow::Result<local_postgres::ProjectServer> {
        let Self {
            common,
            environment,
            settings,
            output,
            ..
        } = self;
        database::project_server(common, environment, settings, *output)
    }
}

/// Runs a command from the process's arguments.
#[must_use]
pub fn run<S: Script>() -> ExitCode {
    let matches = settings::matches(S::command());
    let parsed = matches.and_then(|matches| Ok((S::from_arg_matches(&matches)?, matches)));
    match parsed {
        Ok((script, matches)) => execute(script, &matches).into(),
        Err(error) => refuse(&error).into(),
    }
}

fn execute<S: Script>(script: S, matches: &ArgMatches) -> Verdict {
    let output = Output::new(script.common());
    let invocation = Invocation::of(script.common());
    let context = if S::READS_SETTINGS {
        Context::new
    } else {
        Context::without_settings
    };
    let result = context(script.common().clone()).and_then(|context| {
        let context = context.given(matches);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(script.run(&context))
    });
    result.unwrap_or_else(|error| fail(output, &invocation, &error))
}

/// Reports the error that ended a command.
fn fail(output: Output, invocation: &Invocation, error: &anyhow::Error) -> Verdict {
    output.problem(&hints::render(error, invocation));
    if output.is_json()
        && let Err(error) = output.document(&json::Failure::of(error, invocation))
    {
        output.problem(&hints::render(&error, invocation));
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
