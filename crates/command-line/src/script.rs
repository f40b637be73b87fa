//! What all commands share: from the arguments to the exit code.

use std::process::ExitCode;

use crate::exit::Verdict;
use crate::{Common, Environment, Invocation, Output, database, hints, json};
use clap::Parser;

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
    environment: Environment,
    invocation: Invocation,
    /// Where its words go.
    pub output: Output,
}

impl Context {
    /// What the options and the environment say. [`run`] makes it for a
    /// command; this is for whoever uses a part of one.
    ///
    /// # Errors
    ///
    /// A `.env` or a variable that cannot be read.
    pub fn new(common: Common) -> anyhow::Result<Self> {
        Ok(Self {
            output: Output::new(&common),
            environment: Environment::read()?,
            invocation: Invocation::of(&common),
            common,
        })
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
        database::find_url(&self.common, &self.environment, self.output).await
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
            self.output.problem(&format!("warning: {warning}"));
        }
        Ok(database)
    }

    /// The project's own server, whatever database is named.
    ///
    /// # Errors
    ///
    /// When the current folder is in no project.
    pub fn project_server(&self) -> anyhow::Result<local_postgres::ProjectServer> {
        database::project_server(&self.common, &self.environment, self.output)
    }

    /// What of that schema tenant migrations may change.
    #[must_use]
    pub fn shared_objects(&self) -> Vec<String> {
        let given = &self.common.shared_objects;
        let names = if given.is_empty() {
            &self.environment.shared_objects
        } else {
            given
        };
        names.iter().map(|name| without_schema(name)).collect()
    }

    /// The schema for extensions, if one is configured.
    #[must_use]
    pub fn extensions(&self) -> Option<tenant_core::ExtensionsSchema> {
        let option = self.common.extensions_schema.as_ref();
        let name = option.or(self.environment.extensions_schema.as_ref())?;
        Some(tenant_core::ExtensionsSchema::new(name))
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
    let invocation = Invocation::of(script.common());
    let result = Context::new(script.common().clone()).and_then(|context| {
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
    let is_pair = message.contains("password=");
    is_pair
        || url.is_some_and(|(_, rest)| {
            rest.split_whitespace()
                .next()
                .is_some_and(|url| url.contains('@'))
        })
}

/// The name of an object, as PostgreSQL stores it, if it is written as errors write it:
/// `public.plans` or `"My Plans"`. Any other text is a name as it is.
fn without_schema(name: &str) -> String {
    let tokens = sql_text::tokens(name).collect::<Vec<_>>();
    let written = match tokens.as_slice() {
        [schema, dot, object] if schema.is_name() && dot.text == "." => sql_text::stored(object),
        [object] if object.kind == sql_text::TokenKind::QuotedName => sql_text::stored(object),
        _ => None,
    };
    written.unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_may_be_named_as_errors_name_it() {
        for (given, stored) in [
            ("plans", "plans"),
            ("public.plans", "plans"),
            ("public.\"My Plans\"", "My Plans"),
            ("\"My Plans\"", "My Plans"),
            ("My Plans", "My Plans"),
        ] {
            assert_eq!(without_schema(given), stored, "{given}");
        }
    }
}
