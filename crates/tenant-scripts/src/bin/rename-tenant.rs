//! `rename-tenant`: see [`tenant_commands::commands::RenameTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::rename_tenant()
}
