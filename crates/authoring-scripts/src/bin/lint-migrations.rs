//! `lint-migrations`: see [`authoring_commands::commands::LintMigrations`].

fn main() -> std::process::ExitCode {
    authoring_scripts::entry::lint_migrations()
}
