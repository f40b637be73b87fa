//! `migrate-public`: see [`tenant_commands::commands::MigratePublic`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::migrate_public()
}
