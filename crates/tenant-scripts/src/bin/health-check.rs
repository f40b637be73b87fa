//! `health-check`: see [`tenant_scripts::commands::HealthCheck`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tenant_scripts::run::<tenant_scripts::commands::HealthCheck>()
}
