//! `create-tenant`: see [`tenant_scripts::commands::CreateTenant`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tenant_scripts::run::<tenant_scripts::commands::CreateTenant>()
}
