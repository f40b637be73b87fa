//! `migrate-public`: see [`tenant_scripts::commands::MigratePublic`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tenant_scripts::run::<tenant_scripts::commands::MigratePublic>()
}
