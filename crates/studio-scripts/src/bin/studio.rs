//! `studio`: see [`studio_commands::commands::Studio`].

fn main() -> std::process::ExitCode {
    studio_scripts::entry::studio()
}
