//! `man-pages`: see [`studio_commands::commands::ManPages`].

fn main() -> std::process::ExitCode {
    studio_scripts::entry::man_pages()
}
