//! `demo-tenant-schema`: see [`tenant_scripts::DemoTenantSchema`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::demo_tenant_schema()
}
