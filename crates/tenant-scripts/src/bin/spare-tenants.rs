//! `spare-tenants`: see [`tenant_commands::commands::SpareTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::spare_tenants()
}
