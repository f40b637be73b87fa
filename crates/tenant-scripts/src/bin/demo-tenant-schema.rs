//! `demo-tenant-schema`: see [`tenant_scripts::commands::DemoTenantSchema`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tenant_scripts::run::<tenant_scripts::commands::DemoTenantSchema>()
}
