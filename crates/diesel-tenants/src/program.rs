//! From the arguments of the process to the exit code.

use std::process::ExitCode;

use clap::Args;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use command_line::invocation::Spelling;
use command_line::json::CommandSchema;
use command_line::{Common, Program, complete, refuse};

use crate::subcommands::{self, GROUPS};

/// What the program hands to its commands.
const PROGRAM: Program = Program {
    spelling: Spelling::Tenants,
    compiled_in: None,
    commands: Some(|| vec![command()]),
    schemas: Some(schemas),
};

/// Runs the subcommand that the arguments of the process name.
#[must_use]
pub fn run() -> ExitCode {
    if let Some(code) = complete::answered(&PROGRAM, command) {
        return code;
    }
    let matches = match command_line::settings::matches(command(), PROGRAM.spelling) {
        Ok(matches) => matches,
        Err(error) => return refuse(&with_nearest(error)),
    };
    let called = matches.subcommand().and_then(|(name, matches)| {
        let subcommand = subcommands::all().find(|one| one.name == name)?;
        Some(subcommand.run(&PROGRAM, matches))
    });
    called.unwrap_or_else(|| refuse(&missing()))
}

/// For what clap would have to let through: it requires one of the subcommands.
fn missing() -> clap::Error {
    command().error(ErrorKind::MissingSubcommand, "a subcommand is required")
}

/// What the program accepts.
#[must_use]
pub fn command() -> clap::Command {
    // The common options may stand before the subcommand, whose help shows them.
    let common = Common::augment_args(clap::Command::new("tenants"));
    common
        .mut_args(|arg| arg.hide(true))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Keep one PostgreSQL schema for each tenant of a project on Diesel")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .help_template(template())
        .subcommands(subcommands::all().map(|one| one.command()))
}

/// The schema of what each subcommand prints with `--json`.
#[must_use]
pub fn schemas() -> Vec<CommandSchema> {
    let all = subcommands::all();
    all.map(|one| CommandSchema {
        command: one.name.to_owned(),
        schema: one.schema(),
    })
    .collect()
}

/// The same error. Of a word that is no subcommand it says which one is meant, also to
/// those who know the programs and aliases of the repository.
fn with_nearest(mut error: clap::Error) -> clap::Error {
    let word = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) if error.kind() == ErrorKind::InvalidSubcommand => word,
        _ => return error,
    };
    let nearest = subcommands::nearest(word).map(|one| one.name.to_owned());
    let nearest = ContextValue::Strings(nearest.into_iter().collect());
    error.remove(ContextKind::SuggestedSubcommand);
    if let ContextValue::Strings(names) = &nearest
        && !names.is_empty()
    {
        error.insert(ContextKind::SuggestedSubcommand, nearest);
    }
    error
}

/// The overview: the subcommands in their groups, on one screen.
fn template() -> String {
    let mut text = String::from("{about}\nUsage: {usage}\n");
    let width = subcommands::all().map(|one| one.name.len()).max();
    let width = width.unwrap_or_default();
    for group in &GROUPS {
        text.push_str(&format!("{}:\n", group.heading));
        for one in group.subcommands {
            let about = one.command().get_about().map(ToString::to_string);
            let about = about.unwrap_or_default();
            text.push_str(&format!("  {:width$}  {about}\n", one.name));
        }
    }
    text.push_str(
        "Help: tenants COMMAND --help. Common options: tenants config --help\n\
         Exit codes: 0 done, 1 a problem, 2 wrong use, 3 no database, 130 interrupted",
    );
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_subcommand_is_well_formed() {
        super::command().debug_assert();
    }
}
