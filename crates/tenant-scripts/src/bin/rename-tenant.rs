//! `rename-tenant`: see [`tenant_scripts::commands::RenameTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::rename_tenant()
}
