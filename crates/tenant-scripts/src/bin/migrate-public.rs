//! `migrate-public`: see [`tenant_scripts::commands::MigratePublic`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::migrate_public()
}
