//! `migrate-tenants`: see [`tenant_commands::commands::MigrateTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::migrate_tenants()
}
