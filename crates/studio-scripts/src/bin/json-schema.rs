//! `json-schema`: see [`studio_commands::commands::JsonSchema`].

fn main() -> std::process::ExitCode {
    studio_scripts::entry::json_schema()
}
