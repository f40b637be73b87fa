//! `drop-tenant`: see [`tenant_scripts::commands::DropTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::drop_tenant()
}
