//! `distribute-tenants`: see [`tenant_scripts::commands::DistributeTenants`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::DistributeTenants>()
}
