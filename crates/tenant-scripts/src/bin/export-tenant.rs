//! `export-tenant`: see [`tenant_commands::commands::ExportTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::export_tenant()
}
