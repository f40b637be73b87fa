//! `distribute-tenants`: see [`tenant_commands::commands::DistributeTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::distribute_tenants()
}
