//! `generate-migration`: see [`authoring_scripts::commands::GenerateMigration`].

fn main() -> std::process::ExitCode {
    authoring_scripts::entry::generate_migration()
}
