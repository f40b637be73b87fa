//! `completions`: see [`tenant_scripts::commands::Completions`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tenant_scripts::run::<tenant_scripts::commands::Completions>()
}
