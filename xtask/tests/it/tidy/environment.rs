//! The rule that every environment variable is documented.

use std::collections::BTreeSet;

use super::{
    Repository, assert_none,
    rust_text::{production, strings},
};

/// Where variables that a user may set are read: by the scripts, and by the
/// tests. Beginnings of paths.
const READERS: &[&str] = &[
    "crates/command-line/src/environment.rs",
    "crates/tenant-testing/src/environment.rs",
    "crates/test-support/src/trials.rs",
];
const EXAMPLE: &str = ".env.example";

#[test]
fn the_example_environment_names_exactly_the_variables_that_are_read() {
    assert_none(
        &undocumented(&Repository::this()),
        "describe each variable in .env.example (`# NAME=value`, with a comment on what it \
         does), and take out what nothing reads any more.",
    );
}

/// The page with the variables that the commands read.
const PAGE: &str = "docs/book/src/reference/url-options.md";

#[test]
fn the_reference_names_every_variable_that_a_command_reads() {
    assert_none(
        &not_in_the_reference(&Repository::this()),
        "describe the variable below `Environment variables`.",
    );
}

fn not_in_the_reference(repository: &Repository) -> Vec<String> {
    let page = repository.text(PAGE).unwrap_or_default();
    let reader = READERS.first().and_then(|path| repository.text(path));
    let strings = strings(production(reader.unwrap_or_default())).into_iter();
    let read = strings.filter(|text| is_variable(text));
    let missing = read.filter(|name| !page.contains(&format!("`{name}`")));
    missing
        .map(|name| format!("{PAGE}: lacks {name}"))
        .collect()
}

fn undocumented(repository: &Repository) -> Vec<String> {
    let Some(example) = repository.text(EXAMPLE) else {
        return vec![format!("{EXAMPLE}: is not there")];
    };
    let is_reader = |path: &str| READERS.iter().any(|start| path.starts_with(start));
    let readers = repository
        .rust_sources()
        .filter(|(path, _)| is_reader(path));
    let strings = readers.flat_map(|(_, text)| strings(production(text)));
    let read: BTreeSet<&str> = strings.filter(|text| is_variable(text)).collect();
    let described: BTreeSet<&str> = example.lines().filter_map(described_by).collect();
    let not_described = read
        .difference(&described)
        .map(|name| format!("{EXAMPLE}: lacks {name}"));
    let not_read = described.difference(&read).map(|name| {
        format!(
            "{EXAMPLE}: {name} is read neither in {}",
            READERS.join(" nor in ")
        )
    });
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
    let tests = "const URL: &str = \"TEST_URL\";\n";
    let example = "# The server\n# PG_BIN=/usr/bin\nTEST_URL=x\n#OLD_NAME=x\n";
    let sources = [(READERS[0], code), (READERS[1], tests)];
    let repository = Repository::of(&[sources[0], sources[1], (EXAMPLE, example)]);
    let findings = undocumented(&repository);
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(findings[0].ends_with("lacks DATABASE_URL"), "{findings:?}");
    assert!(
        findings[1].contains("OLD_NAME is read neither"),
        "{findings:?}"
    );
    assert_eq!(undocumented(&Repository::of(&sources)).len(), 1);
}
