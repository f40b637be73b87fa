//! The rules of this repository. What a rule prints when it fails says how to
//! mend what it found.
//!
//! A rule is a function from a [`Repository`] to its findings. One test applies
//! it to this repository, another one to a small made-up repository that breaks
//! it, because a rule that cannot fail protects nothing.

mod anchors;
mod arrows;
mod book;
mod crates;
mod documents;
mod doors;
mod environment;
mod features;
mod growing;
mod guarantees;
mod manifest;
mod migrations;
mod modules;
mod repository;
mod rust_text;
mod sources;
mod text_files;
mod wording;

use self::repository::Repository;

/// Fails with everything that was found, and with the remedy.
#[track_caller]
fn assert_none(findings: &[String], remedy: &str) {
    assert!(
        findings.is_empty(),
        "\n\n{}\n\nRemedy: {remedy}\n",
        findings
            .iter()
            .map(|finding| format!("  {finding}"))
            .collect::<Vec<_>>()
            .join("\n")
    );
}
