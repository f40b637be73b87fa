//! `list-tenants`: see [`tenant_scripts::commands::ListTenants`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::ListTenants>()
}
