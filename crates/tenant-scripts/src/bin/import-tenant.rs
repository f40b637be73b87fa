//! `import-tenant`: see [`tenant_commands::commands::ImportTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::import_tenant()
}
