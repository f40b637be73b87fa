//! `drop-tenant`: see [`tenant_scripts::commands::DropTenant`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tenant_scripts::run::<tenant_scripts::commands::DropTenant>()
}
