//! `stop-server`: see [`tenant_scripts::commands::StopServer`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tenant_scripts::run::<tenant_scripts::commands::StopServer>()
}
