//! What clap says of arguments, in the layout of all messages.

use clap::error::ErrorKind;

use crate::Explained;
use crate::message::Hint;

/// Whether it is the help or the version, asked for or shown in place of an error.
pub(crate) fn is_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// An error of the arguments that is known already.
pub(crate) fn of(what: &str, hint: &str) -> Explained {
    Explained {
        chain: vec![what.to_owned()],
        hints: vec![Hint::new(hint)],
        ..Explained::default()
    }
}

/// The same of what clap has found. Its tips are hints, and how the command is used is a note.
pub(crate) fn explained(error: &clap::Error) -> Explained {
    if is_help(error) || error.kind() == ErrorKind::MissingSubcommand {
        return of(
            "a subcommand is required",
            "List the subcommands with --help.",
        );
    }
    let text = error.to_string();
    let (said, rest) = match text.split_once("\nUsage:") {
        Some((said, rest)) => (said, Some(rest)),
        None => (text.as_str(), None),
    };
    let lines = said.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !is_about_help(line));
    let (tips, what): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("tip:"));
    let tips = tips
        .iter()
        .map(|tip| Hint::new(sentence(tip.trim_start_matches("tip:").trim())));
    let usage = rest.and_then(|rest| rest.lines().next()).map(str::trim);
    let what = what.join(" ");
    Explained {
        chain: vec![in_backquotes(what.trim_start_matches("error: "))],
        notes: usage
            .map(|usage| format!("usage: {usage}"))
            .into_iter()
            .collect(),
        hints: tips.chain(about_help(usage)).collect(),
        ..Explained::default()
    }
}

fn is_about_help(line: &str) -> bool {
    line.starts_with("For more information")
}

/// The command whose help says more: its words come before the arguments of the usage.
fn about_help(usage: Option<&str>) -> Option<Hint> {
    let Some(usage) = usage else {
        return Some(Hint::new("Add --help to read the help of the command."));
    };
    let words = usage.split_whitespace();
    let command = words.take_while(|word| !word.starts_with(['[', '<', '-']));
    let command = command.collect::<Vec<_>>().join(" ");
    let hint = Hint::new("Read the help of the command.");
    (!command.is_empty()).then(|| hint.run(format!("{command} --help")))
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let first = first.map(String::from).unwrap_or_default();
    in_backquotes(&format!(
        "{first}{}.",
        letters.as_str().trim_end_matches('.')
    ))
}

/// clap puts what it quotes between apostrophes. One inside a word stays.
fn in_backquotes(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        let is_inside = before.is_alphanumeric() && after.is_alphanumeric();
        quoted.push(match letter {
            '\'' if !is_inside => '`',
            other => other,
        });
        before = letter;
    }
    quoted
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;

    fn said(arguments: &[&str]) -> Vec<String> {
        let command = Command::new("tenants").subcommand(
            Command::new("create")
                .arg(Arg::new("name").value_name("NAME").required(true))
                .arg(
                    Arg::new("jobs")
                        .long("jobs")
                        .value_parser(clap::value_parser!(u8)),
                ),
        );
        let error = command.try_get_matches_from(arguments).unwrap_err();
        let message = explained(&error).message().to_string();
        let plain = console::strip_ansi_codes(&message).into_owned();
        plain.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_tip_is_a_hint() {
        let lines = said(&["tenants", "create", "a", "--job", "3"]);
        let expected = [
            "error: unexpected argument `--job` found",
            "note: usage: tenants create --jobs <jobs> <NAME>",
            "hint: A similar argument exists: `--jobs`.",
            "hint: Read the help of the command.",
            "      tenants create --help",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_missing_stands_on_the_line_of_the_error() {
        let lines = said(&["tenants", "create"]);
        let first = "error: the following required arguments were not provided: <NAME>";
        assert_eq!(lines.first().unwrap(), first);
    }

    #[test]
    fn an_apostrophe_inside_a_word_stays() {
        assert_eq!(in_backquotes("value 'it's'"), "value `it's`");
    }
}
