//! `health-check`: see [`tenant_commands::commands::HealthCheck`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::health_check()
}
