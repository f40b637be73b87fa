//! `print-schema`: see [`authoring_commands::commands::PrintSchema`].

fn main() -> std::process::ExitCode {
    authoring_scripts::entry::print_schema()
}
