//! Rules about the folders of `migrations/`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Repository, assert_none};

/// The streams there have to be.
const STREAMS: &[&str] = &["public", "tenant"];

#[test]
fn every_migration_can_be_applied_and_reverted() {
    assert_none(
        &incomplete(&Repository::this()),
        "give the migration an up.sql and a down.sql that do something (`diesel migration \
         generate` makes both), and each stream at least one migration.",
    );
}

fn incomplete(repository: &Repository) -> Vec<String> {
    let migrations = migrations(repository);
    let mut findings = Vec::new();
    for stream in STREAMS {
        if !migrations.contains_key(stream) {
            findings.push(format!("migrations/{stream}: has no migration"));
        }
    }
    for (stream, names) in migrations {
        for name in names {
            for file in ["up.sql", "down.sql"] {
                let path = format!("migrations/{stream}/{name}/{file}");
                let text = repository.text(&path).unwrap_or_default();
                if text.trim().is_empty() {
                    findings.push(format!("{path}: is missing or empty"));
                }
            }
        }
    }
    findings
}

#[test]
fn every_migration_is_named_by_its_time_and_what_it_does() {
    assert_none(
        &misnamed(&Repository::this()),
        "name the folder YYYY-MM-DD-HHMMSS_what_it_does, with small letters, digits and \
         underscores; Diesel applies migrations in the order of these names.",
    );
}

fn misnamed(repository: &Repository) -> Vec<String> {
    let migrations = migrations(repository).into_iter();
    let paths = migrations.flat_map(|(stream, names)| {
        names
            .into_iter()
            .filter(|name| !is_well_named(name))
            .map(move |name| (stream, name))
    });
    paths
        .map(|(stream, name)| format!("migrations/{stream}/{name}: is not named so"))
        .collect()
}

fn is_well_named(folder: &str) -> bool {
    let Some((time, what)) = folder.split_once('_') else {
        return false;
    };
    let is_word_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let words_are_whole = what.split('_').all(|word| !word.is_empty());
    let digits: String = time
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    // The Diesel CLI adds a fraction of the second, since 2.3.
    let is_time = matches!(
        digits.as_str(),
        "0000-00-00-000000" | "0000-00-00-000000-0000"
    );
    is_time && words_are_whole && what.chars().all(is_word_part)
}

#[test]
fn no_two_migrations_of_a_stream_share_a_version() {
    assert_none(
        &same_versions(&Repository::this()),
        "give one of them a later time: Diesel tells migrations apart by it, and would take the \
         second for applied.",
    );
}

fn same_versions(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    for (stream, names) in migrations(repository) {
        let mut versions = BTreeSet::new();
        for name in names {
            let version = version(name);
            if !versions.insert(version.clone()) {
                findings.push(format!("migrations/{stream}/{name}: {version} is taken"));
            }
        }
    }
    findings
}

/// Diesel's version of a migration: what stands before the first underscore,
/// without dashes.
fn version(folder: &str) -> String {
    folder
        .split('_')
        .next()
        .unwrap_or_default()
        .replace('-', "")
}

/// The names of the folders in `migrations/STREAM/`, by stream.
fn migrations(repository: &Repository) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut migrations: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for path in repository.paths() {
        let parts: Vec<&str> = path.split('/').collect();
        if let ["migrations", stream, name, _, ..] = parts[..] {
            migrations.entry(stream).or_default().insert(name);
        }
    }
    migrations
}

#[test]
fn the_rules_about_migrations_can_fail() {
    let repository = Repository::of(&[
        (
            "migrations/tenant/2026-01-01-000000_create_a/up.sql",
            "CREATE",
        ),
        (
            "migrations/tenant/2026-01-01-000000_create_a/down.sql",
            "DROP",
        ),
        ("migrations/tenant/20260101-000000_create_b/up.sql", " \n"),
        ("migrations/tenant/README.md", ""),
    ]);
    assert_eq!(
        incomplete(&repository),
        [
            "migrations/public: has no migration",
            "migrations/tenant/20260101-000000_create_b/up.sql: is missing or empty",
            "migrations/tenant/20260101-000000_create_b/down.sql: is missing or empty",
        ]
    );
    assert_eq!(misnamed(&repository).len(), 1);
    assert_eq!(same_versions(&repository).len(), 1);
}

#[test]
fn only_the_full_form_of_a_name_is_accepted() {
    assert!(is_well_named("2026-01-01-000000_create_dummy_table2"));
    assert!(is_well_named("2026-01-01-000000-0000_create_dummy_table2"));
    for wrong in [
        "2026-01-01-000000",
        "2026-01-01-000000_",
        "2026-01-01-000000_Create",
        "2026-01-01-000000_a__b",
        "2026-01-01_create",
        "20260101000000_create",
        "2026-01-01-000000_a-b",
    ] {
        assert!(!is_well_named(wrong), "{wrong}");
    }
}
