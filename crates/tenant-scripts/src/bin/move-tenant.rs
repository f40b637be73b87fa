//! `move-tenant`: see [`tenant_scripts::commands::MoveTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::move_tenant()
}
