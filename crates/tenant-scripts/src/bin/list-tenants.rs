//! `list-tenants`: see [`tenant_scripts::commands::ListTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::list_tenants()
}
