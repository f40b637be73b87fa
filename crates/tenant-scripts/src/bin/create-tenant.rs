//! `create-tenant`: see [`tenant_scripts::commands::CreateTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::create_tenant()
}
