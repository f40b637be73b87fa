//! `rollback-tenants`: see [`tenant_commands::commands::RollbackTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::rollback_tenants()
}
