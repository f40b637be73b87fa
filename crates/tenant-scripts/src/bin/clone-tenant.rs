//! `clone-tenant`: see [`tenant_commands::commands::CloneTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::clone_tenant()
}
