//! `spare-tenants`: see [`tenant_scripts::commands::SpareTenants`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::SpareTenants>()
}
