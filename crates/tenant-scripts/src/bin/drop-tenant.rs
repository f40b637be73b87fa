//! `drop-tenant`: see [`tenant_commands::commands::DropTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::drop_tenant()
}
