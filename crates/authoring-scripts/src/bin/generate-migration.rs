//! `generate-migration`: see [`authoring_commands::commands::GenerateMigration`].

fn main() -> std::process::ExitCode {
    authoring_scripts::entry::generate_migration()
}
