//! `diff-tenants`: see [`tenant_commands::commands::DiffTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::diff_tenants()
}
