//! `studio`: see [`studio_scripts::commands::Studio`].

fn main() -> std::process::ExitCode {
    studio_scripts::entry::studio()
}
