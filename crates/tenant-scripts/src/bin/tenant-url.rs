//! `tenant-url`: see [`tenant_scripts::commands::TenantUrl`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::tenant_url()
}
