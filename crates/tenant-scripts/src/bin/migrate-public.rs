//! `migrate-public`: see [`tenant_scripts::commands::MigratePublic`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::MigratePublic>()
}
