//! Rules about every text file.

use super::{Repository, assert_none};

#[test]
fn no_file_names_a_path_of_somebodys_machine() {
    assert_none(
        &machine_paths(&Repository::this()),
        "write the path from the root of the repository, or a made-up one such as /srv/project.",
    );
}

/// Written in two halves so that this file is not its own finding.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// A path that begins there, as opposed to a folder of that name further down.
fn machine_paths(repository: &Repository) -> Vec<String> {
    findings(repository, |line| {
        let begins = |at: usize| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || "_-./})*".contains(c))
        };
        let mut found = MACHINE_PATHS
            .iter()
            .flat_map(|path| line.match_indices(path));
        found
            .find(|(at, _)| begins(*at))
            .map(|(_, path)| format!("names {path}"))
    })
}

#[test]
fn no_line_ends_in_white_space() {
    assert_none(
        &trailing_space(&Repository::this()),
        "remove it; most editors can do that when they save a file.",
    );
}

fn trailing_space(repository: &Repository) -> Vec<String> {
    findings(repository, |line| {
        (line != line.trim_end()).then(|| "ends in white space".to_owned())
    })
}

#[test]
fn every_file_ends_with_one_line_break() {
    assert_none(
        &unended(&Repository::this()),
        "end the last line with a line break, and leave no empty line after it.",
    );
}

fn unended(repository: &Repository) -> Vec<String> {
    repository
        .texts()
        .filter(|(_, text)| !text.is_empty())
        .filter(|(_, text)| !text.ends_with('\n') || text.ends_with("\n\n"))
        .map(|(path, _)| format!("{path}: does not end with one line break"))
        .collect()
}

fn findings(repository: &Repository, rule: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in repository.texts() {
        // Not `lines()`, which would hide the carriage return of `\r\n`.
        for (index, line) in text.split('\n').enumerate() {
            findings.extend(rule(line).map(|what| format!("{path}:{}: {what}", index + 1)));
        }
    }
    findings
}

#[test]
fn the_rules_about_text_files_can_fail() {
    let machine = format!("a\nsee {}x\nnet{0}x ./{0}x\n", MACHINE_PATHS[0]);
    let repository = Repository::of(&[
        ("machine.md", &machine),
        ("spaces.md", "a \nb\t\r\nc\n"),
        ("open.md", "a"),
        ("loose.md", "a\n\n"),
        ("empty.md", ""),
    ]);
    assert_eq!(machine_paths(&repository).len(), 1);
    assert!(machine_paths(&repository)[0].starts_with("machine.md:2: "));
    assert_eq!(trailing_space(&repository).len(), 2);
    assert_eq!(unended(&repository).len(), 2);
}
