//! Rules about the folders of `migrations/` that are this repository's own.
//! What is wrong in any project is found by `cargo xtask lint`, which also
//! reads the SQL.

use std::collections::{BTreeMap, BTreeSet};

use super::{Repository, assert_none};

/// The streams there have to be.
const STREAMS: &[&str] = &["public", "tenant"];

#[test]
fn each_stream_has_a_migration() {
    assert_none(
        &empty_streams(&Repository::this()),
        "give the stream a migration: Git keeps no empty folder, and the schema crates compile \
         the folder in.",
    );
}

fn empty_streams(repository: &Repository) -> Vec<String> {
    let migrations = migrations(repository);
    let empty = STREAMS
        .iter()
        .filter(|stream| !migrations.contains_key(**stream));
    empty
        .map(|stream| format!("migrations/{stream}: has no migration"))
        .collect()
}

#[test]
fn what_a_migration_does_is_told_in_small_words() {
    assert_none(
        &misnamed(&Repository::this()),
        "write what follows the time in the folder's name with small letters, digits and single \
         underscores.",
    );
}

fn misnamed(repository: &Repository) -> Vec<String> {
    let migrations = migrations(repository).into_iter();
    let paths = migrations.flat_map(|(stream, names)| {
        names
            .into_iter()
            .filter(|name| !is_in_small_words(name))
            .map(move |name| (stream, name))
    });
    paths
        .map(|(stream, name)| format!("migrations/{stream}/{name}: is not named so"))
        .collect()
}

/// Whether that holds of what stands behind the time.
fn is_in_small_words(folder: &str) -> bool {
    let (_, what) = folder.split_once('_').unwrap_or_default();
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    what.split('_')
        .all(|word| !word.is_empty() && word.chars().all(is_letter))
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
        ("migrations/tenant/2026-01-01-000000_create_a/up.sql", ""),
        ("migrations/tenant/2026-01-02-000000_Create_b/up.sql", ""),
        ("migrations/public/README.md", ""),
    ]);
    assert_eq!(
        empty_streams(&repository),
        ["migrations/public: has no migration"]
    );
    assert_eq!(
        misnamed(&repository),
        ["migrations/tenant/2026-01-02-000000_Create_b: is not named so"]
    );
}

#[test]
fn small_words_are_letters_digits_and_single_underscores() {
    assert!(is_in_small_words("2026-01-01-000000_create_dummy_table2"));
    for wrong in [
        "2026-01-01-000000",
        "2026-01-01-000000_",
        "2026-01-01-000000_Create",
        "2026-01-01-000000_a__b",
        "2026-01-01-000000_a-b",
    ] {
        assert!(!is_in_small_words(wrong), "{wrong}");
    }
}
