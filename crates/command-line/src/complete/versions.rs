//! Migrations of tenants whose names or versions begin with the typed text.

use clap_complete::engine::CompletionCandidate;
use tenant_core::Migration;

use super::typed::Typed;

/// Migrations, the newest first, by the names of their folders. A beginning without dashes
/// is that of a version. None if they cannot be read.
pub(super) fn starting_with(typed: &Typed, prefix: &str) -> Vec<CompletionCandidate> {
    let read = typed.context().and_then(|context| context.migrations());
    let Ok(migrations) = read else {
        return Vec::new();
    };
    let mut found = of(migrations.tenant.iter(), Migration::name, prefix);
    if found.is_empty() {
        found = of(migrations.tenant.iter(), version, prefix);
    }
    found.reverse();
    found.into_iter().map(CompletionCandidate::new).collect()
}

fn version(migration: &Migration) -> &str {
    migration.version().as_str()
}

fn of<'a>(
    migrations: impl Iterator<Item = &'a Migration>,
    word: fn(&Migration) -> &str,
    prefix: &str,
) -> Vec<String> {
    let words = migrations.map(word);
    let words = words.filter(|word| word.starts_with(prefix));
    words.map(str::to_owned).collect()
}
