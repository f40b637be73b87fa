//! `show-config`: see [`tenant_commands::commands::ShowConfig`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::show_config()
}
