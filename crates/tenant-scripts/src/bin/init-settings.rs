//! `init-settings`: see [`tenant_commands::commands::InitSettings`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::init_settings()
}
