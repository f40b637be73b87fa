//! What `--help` prints: one screen of 80 columns and 40 lines at most.
//!
//! `-h` is shorter: it leaves out the description, the examples, and the options that few
//! people need. Manual pages have everything, since the commands themselves keep it: only a
//! call for help prunes them.

use std::ffi::OsString;

use clap::builder::{PossibleValuesParser, Resettable, StyledStr};
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command};

use crate::invocation::Spelling;
use crate::options::COMMON;

/// The width of a help text, in columns.
const WIDTH: usize = 80;

/// A way to call a command.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    arguments: &'static str,
    does: &'static str,
}

/// A command with these arguments, and what it does: a few words, imperative.
#[must_use]
pub const fn example(arguments: &'static str, does: &'static str) -> Example {
    Example { arguments, does }
}

/// The same command with examples at the end of its help. `called` is what is typed before
/// their arguments.
#[must_use]
pub fn with_examples(command: Command, called: &str, examples: &[Example]) -> Command {
    match shown(called, examples) {
        Some(text) => command.after_help(text),
        None => command,
    }
}

fn shown(called: &str, examples: &[Example]) -> Option<String> {
    let calls = examples.iter().map(|one| match one.arguments {
        "" => called.to_owned(),
        arguments => format!("{called} {arguments}"),
    });
    let calls = calls.collect::<Vec<_>>();
    let width = calls.iter().map(String::len).max()?;
    let lines = calls.iter().zip(examples);
    let lines = lines.map(|(call, one)| format!("\n  {call:width$}  {}", one.does));
    Some(format!("Examples:{}", lines.collect::<String>()))
}

/// How much help is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    /// `-h`
    Short,
    /// `--help`
    Full,
}

/// Matches the arguments of the process. A call for help is an error that has the help.
///
/// # Errors
///
/// Arguments that `command` does not accept, or a call for help.
pub(crate) fn matches(command: Command, spelling: Spelling) -> Result<ArgMatches, clap::Error> {
    let error = match command.clone().try_get_matches() {
        Ok(matches) => return Ok(matches),
        Err(error) => error,
    };
    if error.kind() != ErrorKind::DisplayHelp {
        return Err(error);
    }
    let length = length(std::env::args_os());
    match pruned(command, length, spelling).try_get_matches() {
        Err(help) => Err(help),
        Ok(_) => Err(error),
    }
}

fn length(arguments: impl Iterator<Item = OsString>) -> Length {
    let mut arguments = arguments.skip(1).take_while(|one| one != "--").peekable();
    let is_subcommand = arguments.peek().is_some_and(|first| first == "help");
    if is_subcommand || arguments.any(|one| one == "--help") {
        Length::Full
    } else {
        Length::Short
    }
}

/// The same command, which says no more than fits on a screen. clap's own long form has three
/// lines for each option.
fn pruned(command: Command, length: Length, spelling: Spelling) -> Command {
    let about = match length {
        Length::Full => command.get_long_about().or(command.get_about()),
        Length::Short => command.get_about(),
    };
    let about = about.cloned();
    let below = below(&command, length, spelling);
    let describes = describes_common(&command);
    command
        .about(Resettable::from(about))
        .long_about(Resettable::Reset)
        .after_help(Resettable::from(below))
        .max_term_width(WIDTH)
        .mut_args(|argument| of_argument(argument, length, describes))
        .mut_subcommands(|command| pruned(command, length, spelling))
}

fn of_argument(argument: Arg, length: Length, describes_common: bool) -> Arg {
    let is_common = argument.get_help_heading() == Some(COMMON);
    let is_rare = length == Length::Short && argument.is_hide_short_help_set() && !is_common;
    let is_hidden = argument.is_hide_set() || is_rare || (is_common && !describes_common);
    let values = argument.get_possible_values();
    let argument = argument
        .hide(is_hidden)
        .hide_short_help(false)
        .long_help(Resettable::Reset);
    if values.iter().all(|value| value.get_help().is_none()) {
        return argument;
    }
    let values = values.into_iter();
    let values = values.map(|value| value.help(Resettable::Reset));
    argument.value_parser(PossibleValuesParser::new(values))
}

/// What follows the options.
fn below(command: &Command, length: Length, spelling: Spelling) -> Option<StyledStr> {
    let own = command.get_after_help();
    if command.has_subcommands() {
        return own.cloned();
    }
    let common = common(command, length, spelling);
    match (common, own.filter(|_| length == Length::Full)) {
        (None, own) => own.cloned(),
        (Some(common), None) => Some(common.into()),
        (Some(common), Some(own)) => Some(format!("{common}\n\n{own}").into()),
    }
}

/// The names of the common options; one command describes them for all.
fn common(command: &Command, length: Length, spelling: Spelling) -> Option<String> {
    if describes_common(command) {
        return None;
    }
    if length == Length::Short {
        return Some("See more options and examples with '--help'".to_owned());
    }
    let common = command
        .get_arguments()
        .filter(|argument| argument.get_help_heading() == Some(COMMON) && !argument.is_hide_set());
    let common = common.filter_map(|argument| {
        let short = argument.get_short().map(|short| format!("-{short}/"));
        let short = short.unwrap_or_default();
        Some(format!("{short}--{}", argument.get_long()?))
    });
    let common = common.collect::<Vec<_>>().join(", ");
    let described = spelling.help_of_common_options();
    (!common.is_empty()).then(|| format!("{COMMON} (see '{described}'): {common}"))
}

/// Whether this is the command whose help describes the common options: it shows what is in
/// force of them.
fn describes_common(command: &Command) -> bool {
    ["config", "show-config"].contains(&command.get_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_the_help_is_what_was_asked_for() {
        for (line, expected) in [
            ("tenants migrate --help", Length::Full),
            ("tenants migrate -h", Length::Short),
            ("tenants help migrate", Length::Full),
            ("migrate-tenants -qh", Length::Short),
            ("migrate-tenants -h -- --help", Length::Short),
        ] {
            let arguments = line.split(' ').map(OsString::from);
            assert_eq!(length(arguments), expected, "{line}");
        }
    }

    #[test]
    fn examples_begin_with_the_name_that_was_called() {
        let both = [example("", "do all"), example("acme", "do one")];
        let text = "Examples:\n  tenants migrate       do all\n  tenants migrate acme  do one";
        assert_eq!(shown("tenants migrate", &both).as_deref(), Some(text));
        assert_eq!(shown("tenants migrate", &[]), None);
    }
}
