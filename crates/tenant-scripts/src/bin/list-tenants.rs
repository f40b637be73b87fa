//! `list-tenants`: see [`tenant_scripts::commands::ListTenants`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tenant_scripts::run::<tenant_scripts::commands::ListTenants>()
}
