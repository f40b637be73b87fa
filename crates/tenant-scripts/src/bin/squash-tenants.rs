//! `squash-tenants`: see [`tenant_commands::commands::SquashTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::squash_tenants()
}
