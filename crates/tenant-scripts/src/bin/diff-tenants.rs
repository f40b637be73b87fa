//! `diff-tenants`: see [`tenant_scripts::commands::DiffTenants`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::DiffTenants>()
}
