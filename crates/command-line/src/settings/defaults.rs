//! The file's defaults of options, as the defaults that clap knows.
//!
//! So an option on the command line comes before the file without any command asking, and
//! a command that comes later has the same.

use clap::{ArgMatches, Command};

use super::{Defaults, find_settings};
use crate::invocation::Spelling;
use crate::{Environment, help};

/// Matches the arguments of the process. Options that are not given have the file's
/// defaults, if there is a file. A call for help is an error that has the help, which names
/// other commands in this spelling.
///
/// # Errors
///
/// Arguments that `command` does not accept, or a call for help. A file with a mistake is
/// no error here: reading the settings for the command reports it.
pub fn matches(command: Command, spelling: Spelling) -> Result<ArgMatches, clap::Error> {
    let given = help::matches(command.clone(), spelling)?;
    let settings = Environment::read().and_then(|environment| {
        let option = config(&given);
        find_settings(option.as_deref(), &environment)
    });
    match settings {
        Ok(settings) if settings.file().is_some() => {
            apply(&settings.written().defaults, command).try_get_matches()
        }
        _ => Ok(given),
    }
}

/// What `--config` names.
fn config(matches: &ArgMatches) -> Option<std::path::PathBuf> {
    let file = matches.try_get_one::<std::path::PathBuf>("config");
    let below = || {
        matches
            .subcommand()
            .and_then(|(_, matches)| config(matches))
    };
    file.ok().flatten().cloned().or_else(below)
}

/// The same command and its subcommands, with these defaults.
pub(super) fn apply(defaults: &Defaults, command: Command) -> Command {
    let values = values(defaults);
    with(&values, command)
}

fn with(values: &[(&'static str, String)], command: Command) -> Command {
    let command = command.mut_args(|argument| {
        let id = argument.get_id().as_str();
        match values.iter().find(|(name, _)| *name == id) {
            // clap keeps borrowed texts only; this one is as long as the process.
            Some((_, value)) => argument.default_value(&*value.clone().leak()),
            None => argument,
        }
    });
    command.mut_subcommands(|command| with(values, command))
}

/// The names of options, and their defaults as arguments.
fn values(defaults: &Defaults) -> Vec<(&'static str, String)> {
    let seconds =
        |placed: &super::Placed<std::time::Duration>| placed.value.as_secs_f64().to_string();
    let count = |placed: &super::Placed<std::num::NonZeroUsize>| placed.value.to_string();
    let values = [
        ("jobs", defaults.jobs.as_ref().map(count)),
        ("max_failures", defaults.max_failures.as_ref().map(count)),
        ("lock_timeout", defaults.lock_timeout.as_ref().map(seconds)),
        ("wait", defaults.wait.as_ref().map(seconds)),
        (
            "statement_timeout",
            defaults.statement_timeout.as_ref().map(seconds),
        ),
        (
            "transaction",
            defaults
                .transaction
                .as_ref()
                .map(|placed| placed.value.name().to_owned()),
        ),
    ];
    let values = values.into_iter();
    values
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}
