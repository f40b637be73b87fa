//! `suspend-tenants`: see [`tenant_commands::commands::SuspendTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::suspend_tenants()
}
