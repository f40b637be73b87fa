//! The rule that every environment variable is documented.

use std::collections::BTreeSet;

use super::{
    Repository, assert_none,
    rust_text::{production, strings},
};

const DOOR: &str = "crates/tenant-scripts/src/environment.rs";
const EXAMPLE: &str = ".env.example";

#[test]
fn the_example_environment_names_exactly_the_variables_that_are_read() {
    assert_none(
        &undocumented(&Repository::this()),
        "describe each variable in .env.example (`# NAME=value`, with a comment on what it \
         does), and take out what nothing reads any more.",
    );
}

fn undocumented(repository: &Repository) -> Vec<String> {
    let (Some(door), Some(example)) = (repository.text(DOOR), repository.text(EXAMPLE)) else {
        return vec![format!("{DOOR}, {EXAMPLE}: both have to exist")];
    };
    let read: BTreeSet<&str> = strings(production(door))
        .into_iter()
        .filter(|text| is_variable(text))
        .collect();
    let described: BTreeSet<&str> = example.lines().filter_map(described_by).collect();
    let not_described = read
        .difference(&described)
        .map(|name| format!("{EXAMPLE}: lacks {name}"));
    let not_read = described
        .difference(&read)
        .map(|name| format!("{EXAMPLE}: {name} is not read in {DOOR}"));
    not_described.chain(not_read).collect()
}

/// `NAME=value`, or the same as a comment.
fn described_by(line: &str) -> Option<&str> {
    let (name, _) = line.trim_start_matches(['#', ' ']).split_once('=')?;
    Some(name).filter(|name| is_variable(name))
}

/// Capitals in at least two words: `DATABASE_URL`, and not `HOME`, which is
/// nothing to configure.
fn is_variable(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.contains('_')
        && !text.ends_with('_')
        && text.chars().all(is_part)
}

#[test]
fn the_rule_about_the_environment_can_fail() {
    let code = "fn f() { get(\"DATABASE_URL\"); get(\"PG_BIN\"); get(\"HOME\"); } // \"NO_ONE\"\n";
    let example = "# The server\n# PG_BIN=/usr/bin\nTEST_URL=x\n";
    let repository = Repository::of(&[(DOOR, code), (EXAMPLE, example)]);
    assert_eq!(
        undocumented(&repository),
        [
            format!("{EXAMPLE}: lacks DATABASE_URL"),
            format!("{EXAMPLE}: TEST_URL is not read in {DOOR}")
        ]
    );
    assert_eq!(undocumented(&Repository::of(&[(DOOR, code)])).len(), 1);
}
