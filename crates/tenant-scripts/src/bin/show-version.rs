//! `show-version`: see [`tenant_commands::commands::ShowVersion`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::show_version()
}
