//! `create-tenant`: see [`tenant_commands::commands::CreateTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::create_tenant()
}
