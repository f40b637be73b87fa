//! `show-config`: see [`tenant_scripts::commands::ShowConfig`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::show_config()
}
