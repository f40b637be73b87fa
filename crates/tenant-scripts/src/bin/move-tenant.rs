//! `move-tenant`: see [`tenant_commands::commands::MoveTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::move_tenant()
}
