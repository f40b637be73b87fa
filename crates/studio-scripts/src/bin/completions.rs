//! `completions`: see [`studio_scripts::commands::Completions`].

fn main() -> std::process::ExitCode {
    studio_scripts::entry::completions()
}
