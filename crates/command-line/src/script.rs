//! What all commands share: from the arguments to the exit code.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, Parser};
use tenant_core::remedy::Command;
use tenant_core::{Error, InvalidName, Migrations, Naming, TenantName, Tenants};

use crate::exit::{self, Verdict};
use crate::help::{self, Example};
use crate::hints::Advised;
use crate::json::{CommandSchema, Documents};
use crate::settings::{self, ProjectSettings, failure, find_settings};
use crate::unknown::explained;
use crate::{
    Common, Environment, Explained, Invocation, Message, MigrationFolders, NameArg, Output,
    Program, complete, database, json, migrations, remedy, usage,
};

/// A command.
#[expect(
    async_fn_in_trait,
    reason = "commands run on one task and are not spawned"
)]
pub trait Script: Parser {
    /// Whether it works by the file of settings: false for a command that writes it.
    const READS_SETTINGS: bool = true;

    /// How it is called, for the end of its help.
    const EXAMPLES: &'static [Example] = &[];

    /// How it ends if it could not do its work, unless an error has its own code.
    const FAILED: Verdict = Verdict::Wrong;

    /// The common options it was given.
    fn common(&self) -> &Common;

    /// Whether its result is wanted as JSON.
    fn is_json(&self) -> bool {
        self.common().json
    }

    /// The same documents, and those that it prints with `--json`.
    fn documents(failure: Documents) -> Documents;

    /// Does it.
    async fn run(self, context: &Context) -> anyhow::Result<Verdict>;
}

/// What a command works with.
#[derive(Debug)]
pub struct Context {
    program: Program,
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
    /// The program, its options and its environment. [`Entry`] creates it for a command; use this
    /// function for a part of a command.
    ///
    /// # Errors
    ///
    /// A `.env` file or a variable that cannot be read, and mistakes in the settings file.
    pub fn new(program: Program, common: Common) -> anyhow::Result<Self> {
        let environment = Environment::read()?;
        let settings = find_settings(common.config.as_deref(), &environment)?;
        Ok(Self::with(program, common, environment, settings))
    }

    /// The same without a file of settings, for a command that writes it.
    ///
    /// # Errors
    ///
    /// A `.env` or a variable that cannot be read.
    pub fn without_settings(program: Program, common: Common) -> anyhow::Result<Self> {
        let settings = ProjectSettings::default();
        Ok(Self::with(program, common, Environment::read()?, settings))
    }

    fn with(
        program: Program,
        common: Common,
        environment: Environment,
        settings: ProjectSettings,
    ) -> Self {
        Self {
            output: Output::new(&common),
            invocation: invocation(&program, &common, &settings),
            given: BTreeSet::new(),
            program,
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

    /// The program that the command is in.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
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
        database::find_url(
            &self.common,
            &self.environment,
            &self.settings,
            &self.invocation,
            self.output,
        )
        .await
    }

    /// The same, if anything names the database; `None` if the project's own server is it.
    pub(crate) fn named_url(&self) -> anyhow::Result<Option<String>> {
        let (common, environment) = (&self.common, &self.environment);
        database::named_url(common, environment, &self.settings, self.output)
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
        for warning in database.warnings() {
            self.output.say(&Message::warning(warning.to_string()));
        }
        Ok(database)
    }

    /// The migrations to work with: those in `--migrations-dir`, else those of the settings,
    /// else those that are compiled into the program, else those of the project.
    ///
    /// # Errors
    ///
    /// As [`migrations::read`].
    pub fn migrations(&self) -> anyhow::Result<Migrations> {
        let found = match (self.program.compiled_in, &self.common.migrations_dir) {
            (Some(compiled_in), None) => {
                self.settings.instead_of(compiled_in()?).map_err(failure)?
            }
            (_, folder) => {
                if folder.is_none() {
                    self.settings.require_folders().map_err(failure)?;
                }
                let read = migrations::read(&self.settings, folder.as_deref())?;
                if read.tenant.iter().len() == 0 {
                    self.output
                        .say(&Message::note("there are no migrations for tenants yet"));
                }
                read
            }
        };
        self.settings.with_registry(found).map_err(failure)
    }

    /// The name of a new tenant, from an argument or from a file of names: with
    /// [`Context::existing_name`], the only place where a text from outside becomes one.
    ///
    /// # Errors
    ///
    /// [`InvalidName`], a wrong use. What may hold a password is
    /// not repeated.
    pub fn name(&self, text: &str) -> anyhow::Result<TenantName> {
        let name = self.naming()?.name(text);
        name.map_err(|error| {
            if may_hold_a_password(text) {
                return exit::usage(CONCEALED, CONCEALED_HINT);
            }
            error.into()
        })
    }

    /// Which names tenants may have, and what their schemas are called.
    ///
    /// # Errors
    ///
    /// A wrong use for a template or a pattern that the library refuses.
    pub fn naming(&self) -> anyhow::Result<Naming> {
        self.settings.naming().map_err(failure)
    }

    /// The names of several arguments.
    ///
    /// # Errors
    ///
    /// As [`Context::name`].
    pub fn names(&self, arguments: &[NameArg]) -> anyhow::Result<Vec<TenantName>> {
        let names = arguments.iter().map(|one| self.name(one.as_str()));
        names.collect()
    }

    /// The name of a tenant that exists. The rule for names is for new ones: any name that the
    /// list has is one.
    ///
    /// # Errors
    ///
    /// As [`Context::name`], and what the server says.
    pub async fn existing_name(
        &self,
        tenants: &Tenants,
        argument: &NameArg,
    ) -> anyhow::Result<TenantName> {
        let refused = match self.name(argument.as_str()) {
            Err(refused) if refused.is::<InvalidName>() => refused,
            named => return named,
        };
        match tenants.existing_name(argument.as_str()).await {
            Ok(name) => Ok(name),
            Err(Error::InvalidName(_) | Error::NotSetUp { .. }) => {
                let hints = remedy::hints(&[Command::ListTenants.into()], &self.invocation);
                let what = refused.to_string();
                Err(refused.context(Advised::with(what, hints)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses arguments that no tenant can be called like, before anything is connected.
    ///
    /// # Errors
    ///
    /// As [`Context::name`].
    pub fn require_possible<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a NameArg>,
    ) -> anyhow::Result<()> {
        let mut arguments = arguments.into_iter().map(NameArg::as_str);
        arguments.try_for_each(|text| match self.name(text) {
            Err(refused) if !refused.is::<InvalidName>() => Err(refused),
            Err(refused) if TenantName::quoted(text).is_err() => Err(refused),
            _ => Ok(()),
        })
    }

    /// The project's own server, whatever database is named.
    ///
    /// # Errors
    ///
    /// When the current folder is in no project.
    #[cfg(all(unix, feature = "local-postgres"))]
    pub fn project_server(&self) -> anyhow::Result<local_postgres::ProjectServer> {
        let (common, environment) = (&self.common, &self.environment);
        crate::own_server::project_server(common, environment, &self.settings, self.output)
    }
}

/// A command without its type. It is made where the command is, so that the code of an
/// async command is generated there, and once for all programs that have it.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    command: fn() -> clap::Command,
    examples: &'static [Example],
    documents: fn(Documents) -> Documents,
    execute: fn(&Program, &ArgMatches) -> Verdict,
}

impl Entry {
    /// That of a command.
    #[must_use]
    pub const fn of<S: Script>() -> Self {
        Self {
            command: S::command,
            examples: S::EXAMPLES,
            documents: S::documents,
            execute: execute::<S>,
        }
    }

    /// What it accepts.
    #[must_use]
    pub fn command(&self) -> clap::Command {
        let command = (self.command)();
        let called = command.get_name().to_owned();
        help::with_examples(command, &called, self.examples)
    }

    /// How it is called.
    #[must_use]
    pub fn examples(&self) -> &'static [Example] {
        self.examples
    }

    /// The documents that it prints with `--json`, beside others.
    #[must_use]
    pub fn documents(&self, others: Documents) -> Documents {
        (self.documents)(others)
    }

    /// The schema of these, under its own name.
    #[must_use]
    pub fn schema(&self) -> CommandSchema {
        let command = (self.command)().get_name().to_owned();
        let documents = self.documents(Documents::of_failure());
        CommandSchema {
            schema: documents.schema(&format!("What `{command} --json` prints.")),
            command,
        }
    }

    /// Runs it from the process's arguments.
    #[must_use]
    pub fn run(&self, program: &Program) -> ExitCode {
        if let Some(code) = complete::answered(program, || self.command()) {
            return code;
        }
        match settings::matches(self.command(), program.spelling) {
            Ok(matches) => self.run_with(program, &matches),
            Err(error) => refuse(&error),
        }
    }

    /// Runs it with arguments that were matched by its own [`Entry::command`], or by one
    /// that has more.
    #[must_use]
    pub fn run_with(&self, program: &Program, matches: &ArgMatches) -> ExitCode {
        (self.execute)(program, matches).into()
    }
}

fn execute<S: Script>(program: &Program, matches: &ArgMatches) -> Verdict {
    match S::from_arg_matches(matches) {
        Ok(script) => run(program, script, matches),
        Err(error) => refused(&error),
    }
}

fn run<S: Script>(program: &Program, script: S, matches: &ArgMatches) -> Verdict {
    let common = Common {
        json: script.is_json(),
        ..script.common().clone()
    };
    let output = Output::new(&common);
    let mut advising = Invocation::of(&common).spelled(program.spelling);
    let context = if S::READS_SETTINGS {
        Context::new
    } else {
        Context::without_settings
    };
    let result = context(*program, common).and_then(|context| {
        let context = context.given(matches);
        advising.clone_from(&context.invocation);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            match script.run(&context).await {
                Err(error) => Err(explained(&context, error).await),
                done => done,
            }
        })
    });
    result.unwrap_or_else(|error| match fail(output, &advising, &error) {
        Verdict::Wrong => S::FAILED,
        verdict => verdict,
    })
}

/// How the program is called. Settings that make no sense are reported when they are used.
fn invocation(program: &Program, common: &Common, settings: &ProjectSettings) -> Invocation {
    let called = Invocation::of(common)
        .spelled(program.spelling)
        .reading(folders(program, common, settings));
    match settings.registry() {
        Ok(Some(registry)) => called.listed_in(registry),
        _ => called,
    }
}

/// Where the migrations of a command are. Those that are compiled in are in no folder.
fn folders(program: &Program, common: &Common, settings: &ProjectSettings) -> MigrationFolders {
    let option = common.migrations_dir.as_deref();
    let named = option.is_some() || settings.folders("tenant").is_some();
    if program.compiled_in.is_some() && !named {
        return MigrationFolders::default();
    }
    MigrationFolders::of(settings, option)
}

/// Reports the error that ended a command.
fn fail(output: Output, invocation: &Invocation, error: &anyhow::Error) -> Verdict {
    output.say(&Explained::of(error, invocation).message());
    if output.is_json()
        && let Err(error) = output.document(&json::Failure::of(error, invocation))
    {
        output.say(&Explained::of(&error, invocation).message());
    }
    Verdict::of(error)
}

/// Reports arguments that clap does not accept, or shows the help that was
/// asked for.
#[must_use]
pub fn refuse(error: &clap::Error) -> ExitCode {
    refused(error).into()
}

fn refused(error: &clap::Error) -> Verdict {
    if usage::is_help(error) {
        // There is nobody left to tell when this fails.
        let _ = error.print();
    }
    if !error.use_stderr() {
        return Verdict::Done;
    }
    let output = Output::new(&Common::json());
    let mut explained = usage::explained(error);
    if may_hold_a_password(&error.to_string()) {
        explained = usage::of(CONCEALED, CONCEALED_HINT);
    }
    if !usage::is_help(error) {
        output.say(&explained.clone().message());
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        let _ = output.document(&json::Failure::explained(explained));
    }
    Verdict::Usage
}

/// What is said of arguments that must not be repeated.
const CONCEALED: &str = "an argument that looks like a database URL is out of place";

/// What to do about them.
const CONCEALED_HINT: &str = "Give the URL as --database-url URL.";

/// clap repeats the argument that it does not understand.
fn may_hold_a_password(message: &str) -> bool {
    let url = message.split_once("://");
    let is_pair = message.contains("password=");
    is_pair
        || url.is_some_and(|(_, rest)| {
            rest.split_whitespace()
                .next()
                .is_some_and(|url| url.contains('@'))
        })
}
