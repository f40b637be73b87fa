//! `health-check`: see [`tenant_scripts::commands::HealthCheck`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::HealthCheck>()
}
