//! `distribute-tenants`: see [`tenant_scripts::commands::DistributeTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::distribute_tenants()
}
