//! `completions`: see [`studio_commands::commands::Completions`].

fn main() -> std::process::ExitCode {
    studio_scripts::entry::completions()
}
