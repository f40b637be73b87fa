//! [`Typed`]: what the words before the cursor say of the database and the migrations.

use std::any::Any;

use clap::{ArgMatches, Command, ValueHint};

use crate::{Common, Context, Program};

/// The words before the cursor, and the program that they are for.
#[derive(Debug)]
pub(super) struct Typed {
    program: Program,
    common: Common,
    /// As they would be read.
    pub(super) words: Vec<String>,
    /// Whether an argument that is no option has yet to follow.
    pub(super) awaits_argument: bool,
}

impl Typed {
    /// `words` begin with the program's name. They need not be a whole command.
    pub(super) fn new(program: Program, command: Command, words: &[String]) -> Self {
        let mut reading = command.ignore_errors(true);
        let read = reading.try_get_matches_from_mut(words).ok();
        Self {
            program,
            common: read.as_ref().map(common).unwrap_or_default(),
            awaits_argument: read.is_some_and(|read| awaits_argument(&reading, &read)),
            words: words.to_owned(),
        }
    }

    /// What a command with these options would work with. It says nothing.
    ///
    /// # Errors
    ///
    /// As [`Context::new`].
    pub(super) fn context(&self) -> anyhow::Result<Context> {
        Context::new(self.program, self.common.clone())
    }
}

/// The common options that decide where tenants and migrations are.
fn common(matches: &ArgMatches) -> Common {
    Common {
        database_url: of(matches, "database_url"),
        config: of(matches, "config"),
        migrations_dir: of(matches, "migrations_dir"),
        no_download: true,
        quiet: true,
        ..Common::default()
    }
}

/// Whether the subcommand lacks an argument that has to follow, or a new name. Without
/// tenants, most commands work on all of them.
fn awaits_argument(command: &Command, matches: &ArgMatches) -> bool {
    if let Some((name, below)) = matches.subcommand() {
        let command = command.find_subcommand(name);
        return command.is_some_and(|command| awaits_argument(command, below));
    }
    let arguments = command.get_positionals();
    let mut awaited = arguments.filter(|argument| {
        argument.is_required_set() || argument.get_value_hint() == ValueHint::Other
    });
    awaited.any(|argument| {
        matches!(
            matches.try_contains_id(argument.get_id().as_str()),
            Ok(false)
        )
    })
}

/// The value of an option, of the subcommand if it is there.
fn of<T: Any + Clone + Send + Sync>(matches: &ArgMatches, name: &str) -> Option<T> {
    let below = matches.subcommand().and_then(|(_, below)| of(below, name));
    below.or_else(|| matches.try_get_one::<T>(name).ok().flatten().cloned())
}
