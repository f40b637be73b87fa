//! `adopt-tenant`: see [`tenant_commands::commands::AdoptTenant`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::adopt_tenant()
}
