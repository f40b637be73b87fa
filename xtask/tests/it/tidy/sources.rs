//! Rules about single Rust files.

use super::{Repository, assert_none, repository::is_in_src};

const LONGEST: usize = 500;

#[test]
fn no_rust_file_is_longer_than_500_lines() {
    assert_none(
        &too_long(&Repository::this()),
        "split the file where its responsibilities part, and name each file after its own; \
         unit tests may move to a `tests.rs` beside it.",
    );
}

fn too_long(repository: &Repository) -> Vec<String> {
    let lengths = repository
        .rust_sources()
        .map(|(path, text)| (path, text.lines().count()));
    lengths
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path}: {lines} lines, and {LONGEST} are allowed"))
        .collect()
}

#[test]
fn every_source_opens_by_saying_what_it_is_for() {
    assert_none(
        &without_purpose(&Repository::this()),
        "open the file with `//!`: one sentence on what it is for, and on what it leaves to \
         others. Only files a tool writes (`// @generated`) go without.",
    );
}

fn without_purpose(repository: &Repository) -> Vec<String> {
    repository
        .rust_sources()
        .filter(|(path, _)| is_in_src(path))
        .filter(|(_, text)| !text.starts_with("//!") && !text.starts_with("// @generated"))
        .map(|(path, _)| format!("{path}: does not open with `//!`"))
        .collect()
}

/// What must not be left behind. Written in two halves so that this file is not
/// its own finding.
const LEFTOVERS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
    concat!("dbg", "!"),
    concat!("#[", "ignore"),
    concat!("#[", "allow("),
    concat!("#![", "allow("),
];

#[test]
fn nothing_unfinished_is_left_in_the_sources() {
    assert_none(
        &leftovers(&Repository::this()),
        "finish it or take it out. A test that cannot run here belongs behind a check of what \
         it needs; a lint that is wrong in one place is expected there, with a reason: \
         `#[expect(LINT, reason = \"...\")]`.",
    );
}

fn leftovers(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in repository.rust_sources() {
        for (index, line) in text.lines().enumerate() {
            let found = LEFTOVERS
                .iter()
                .filter(|leftover| contains_word(line, leftover));
            findings.extend(found.map(|leftover| format!("{path}:{}: {leftover}", index + 1)));
        }
    }
    findings
}

/// Whether `word` stands in `line` and is not part of a longer one.
pub(super) fn contains_word(line: &str, word: &str) -> bool {
    let is_inner = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(is_inner);
        let after = line[at + word.len()..].chars().next().is_some_and(is_inner);
        !(before && word.starts_with(is_inner) || after && word.ends_with(is_inner))
    })
}

#[test]
fn the_rules_about_sources_can_fail() {
    let long = "//! Long.\n".repeat(LONGEST + 1);
    let unfinished = LEFTOVERS.join("\n");
    let harmless = format!("//! Fine.\n// my_{0}, {0}LIST\n", LEFTOVERS[0]);
    let repository = Repository::of(&[
        ("crates/a/src/long.rs", &long),
        ("crates/a/src/unfinished.rs", &unfinished),
        ("crates/a/src/harmless.rs", &harmless),
        (
            "crates/a/src/schema.rs",
            "// @generated automatically by Diesel CLI.\n",
        ),
        ("crates/a/tests/it/main.rs", "mod x;\n"),
    ]);
    assert_eq!(too_long(&repository).len(), 1);
    assert_eq!(without_purpose(&repository).len(), 1);
    assert_eq!(leftovers(&repository).len(), LEFTOVERS.len());
    assert!(leftovers(&repository)[0].starts_with("crates/a/src/unfinished.rs:1: "));
}
