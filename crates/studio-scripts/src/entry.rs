//! One function for each program: from the arguments of the process to its exit code.

use std::process::ExitCode;

use command_line::json::CommandSchema;
use command_line::{Entry, Program};
use studio_commands::entry::{COMPLETIONS, JSON_SCHEMA, MAN_PAGES, STUDIO};

/// As the other programs of this workspace, with the commands to complete.
const PROGRAM: Program = Program {
    commands: Some(commands),
    schemas: Some(schemas),
    ..tenant_scripts::entry::PROGRAM
};

/// The program `completions`.
#[must_use]
pub fn completions() -> ExitCode {
    COMPLETIONS.run(&PROGRAM)
}

/// The program `json-schema`.
#[must_use]
pub fn json_schema() -> ExitCode {
    JSON_SCHEMA.run(&PROGRAM)
}

/// The program `man-pages`.
#[must_use]
pub fn man_pages() -> ExitCode {
    MAN_PAGES.run(&PROGRAM)
}

/// The program `studio`.
#[must_use]
pub fn studio() -> ExitCode {
    STUDIO.run(&PROGRAM)
}

/// Every command on tenants, by name.
fn commands() -> Vec<clap::Command> {
    let mut commands = entries().map(Entry::command).collect::<Vec<_>>();
    commands.sort_by(|one, other| one.get_name().cmp(other.get_name()));
    commands
}

/// The schema of what each of them prints with `--json`.
fn schemas() -> Vec<CommandSchema> {
    let mut schemas = entries().map(Entry::schema).collect::<Vec<_>>();
    schemas.sort_by(|one, other| one.command.cmp(&other.command));
    schemas
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    let others = [&COMPLETIONS, &JSON_SCHEMA, &MAN_PAGES, &STUDIO];
    tenant_scripts::entry::entries().into_iter().chain(others)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_command_is_well_formed() {
        for command in super::commands() {
            command.debug_assert();
        }
    }
}
