//! `repair-tenant`: see [`tenant_scripts::commands::RepairTenant`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::RepairTenant>()
}
