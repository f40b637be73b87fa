//! `repair-tenant`: see [`tenant_commands::commands::RepairTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::repair_tenant()
}
