//! `list-tenants`: see [`tenant_commands::commands::ListTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::list_tenants()
}
