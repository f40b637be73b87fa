//! `diff-tenants`: see [`tenant_scripts::commands::DiffTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::diff_tenants()
}
