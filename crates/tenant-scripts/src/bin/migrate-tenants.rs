//! `migrate-tenants`: see [`tenant_scripts::commands::MigrateTenants`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tenant_scripts::run::<tenant_scripts::commands::MigrateTenants>()
}
