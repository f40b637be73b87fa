//! `demo-tenant-schema`: see [`tenant_scripts::commands::DemoTenantSchema`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::DemoTenantSchema>()
}
