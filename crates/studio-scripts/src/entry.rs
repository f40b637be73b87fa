//! One function for each program: from the arguments of the process to its exit code.

use std::process::ExitCode;

use command_line::Program;
use studio_commands::entry::{COMPLETIONS, MAN_PAGES, STUDIO};

/// As the other programs of this workspace, with the commands to complete.
const PROGRAM: Program = Program {
    commands: Some(commands),
    ..tenant_scripts::entry::PROGRAM
};

/// The program `completions`.
#[must_use]
pub fn completions() -> ExitCode {
    COMPLETIONS.run(&PROGRAM)
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
    let mut commands = tenant_scripts::entry::commands();
    commands.extend([COMPLETIONS.command(), MAN_PAGES.command(), STUDIO.command()]);
    commands.sort_by(|one, other| one.get_name().cmp(other.get_name()));
    commands
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
