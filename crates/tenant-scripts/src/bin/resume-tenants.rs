//! `resume-tenants`: see [`tenant_commands::commands::ResumeTenants`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::resume_tenants()
}
