//! What `cargo xtask` says about itself.

use std::ffi::OsString;

use crate::{
    alias::{self, ALIASES, Alias},
    console,
    failure::Failure,
};

/// Whether `argument` asks for help instead of naming something.
pub(crate) fn is_asked_by(argument: &str) -> bool {
    matches!(argument, "--help" | "-h" | "help")
}

/// The table of all aliases.
pub(crate) fn overview() -> String {
    let mut text = String::from("Usage: cargo xtask ALIAS [ARGUMENTS...]\n");
    let (database, development): (Vec<&Alias>, Vec<&Alias>) =
        ALIASES.iter().partition(|alias| alias.is_about_databases());
    for (title, group) in [("Database", database), ("Development", development)] {
        text.push_str(&format!("\n{title}\n"));
        for alias in group {
            text.push_str(&line(alias));
        }
    }
    text.push_str("\nFor the options of an alias, run: cargo xtask ALIAS --help\n");
    text
}

fn line(alias: &Alias) -> String {
    let width = ALIASES
        .iter()
        .map(|alias| alias.synopsis().len())
        .max()
        .unwrap_or_default();
    format!("  {:width$}  {}\n", alias.synopsis(), alias.help)
}

/// Whether help is all that was asked of an alias that takes no arguments; then it is shown.
///
/// # Errors
/// Any other argument.
pub(crate) fn is_all(
    alias: &Alias,
    arguments: &[OsString],
    details: &str,
) -> Result<bool, Failure> {
    match arguments.first() {
        None => Ok(false),
        Some(first) if is_asked_by(&first.to_string_lossy()) => {
            console::result(&of(alias, details));
            Ok(true)
        }
        Some(first) => Err(Failure::Usage(format!(
            "error: {} takes no arguments, but got `{}`",
            alias.name,
            first.display()
        ))),
    }
}

/// The help of an alias that runs no program with its own help.
pub(crate) fn of(alias: &Alias, details: &str) -> String {
    format!(
        "{}\n\nUsage: cargo xtask {}\n{details}",
        alias.help,
        alias.synopsis()
    )
}

/// The error for an alias that does not exist.
pub(crate) fn unknown(word: &str) -> Failure {
    let nearest = alias::nearest(word)
        .map(|alias| alias.name)
        .unwrap_or_default();
    Failure::Usage(format!(
        "error: unknown alias `{word}`\n\
         hint: Did you mean `{nearest}`? To list the aliases, run this command.\n\
         \x20     cargo xtask --help"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_has_one_line_for_each_alias() {
        let overview = overview();
        for alias in ALIASES {
            let lines = overview.lines().filter(|line| {
                line.starts_with(&format!("  {} ", alias.synopsis())) && line.ends_with(alias.help)
            });
            assert_eq!(lines.count(), 1, "{}", alias.name);
        }
    }

    #[test]
    fn the_overview_fits_a_terminal_of_80_columns() {
        for line in overview().lines() {
            assert!(line.len() <= 80, "{} columns: {line}", line.len());
        }
    }

    #[test]
    fn an_unknown_alias_is_answered_with_the_nearest_one() {
        let message = unknown("db:stpo").to_string();
        assert!(message.contains("`db:stpo`"), "{message}");
        assert!(message.contains("`db:stop`"), "{message}");
        assert!(message.contains("cargo xtask --help"), "{message}");
    }
}
