//! `print-schema`: see [`authoring_scripts::commands::PrintSchema`].

fn main() -> std::process::ExitCode {
    authoring_scripts::entry::print_schema()
}
