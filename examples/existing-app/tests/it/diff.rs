//! The diffs that the guide shows.

use std::fs;
use std::path::{Path, PathBuf};

/// The sign of the lines that only the one side of a diff has.
const BEFORE: char = '-';
const AFTER: char = '+';

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(folder().join(path)).unwrap()
}

/// Yields the path of each file in a diff, and what its hunks have on one side.
fn hunks(diff: &str, sign: char) -> Vec<(&str, String)> {
    let mut hunks = Vec::new();
    let mut path = "";
    for line in diff.lines() {
        if let Some(named) = line.strip_prefix("+++ b/") {
            path = named;
        } else if line.starts_with("@@") {
            hunks.push((path, String::new()));
        } else if let Some((_, text)) = hunks.last_mut()
            && !line.starts_with("--- ")
            && (!line.starts_with([BEFORE, AFTER]) || line.starts_with(sign))
        {
            text.push_str(line.strip_prefix([sign, ' ']).unwrap_or(line));
            text.push('\n');
        }
    }
    hunks
}

#[track_caller]
fn assert_is_in_the_files(diff: &str, sign: char, least: usize) {
    let diff = text(diff);
    let hunks = hunks(&diff, sign);
    assert!(hunks.len() >= least, "{} hunks", hunks.len());
    for (path, hunk) in hunks {
        assert!(text(path).contains(&hunk), "{path} has changed:\n{hunk}");
    }
    for line in diff.lines().filter(|line| line.starts_with("---")) {
        let is_named = line.starts_with("--- a/") || line == "--- /dev/null";
        assert!(is_named, "{line}");
    }
}

#[test]
fn the_diff_of_moving_in_leads_to_the_files_as_they_are() {
    assert_is_in_the_files("moving-in.diff", AFTER, 10);
}

#[test]
fn what_may_follow_begins_with_the_files_as_they_are() {
    assert_is_in_the_files("afterwards.diff", BEFORE, 10);
}

#[test]
fn the_book_shows_the_diff_of_moving_in() {
    let page = text("../../docs/book/src/how-to/existing-project.md");
    assert!(page.contains("{{#include ../../../../examples/existing-app/moving-in.diff}}"));
}

#[test]
fn moving_in_changes_fewer_than_60_lines() {
    let diff = text("moving-in.diff");
    let is_header = |line: &&str| line.starts_with("+++ ") || line.starts_with("--- ");
    let lines = diff.lines().filter(|line| !is_header(line));
    let changed = lines
        .filter(|line| line.starts_with([BEFORE, AFTER]))
        .count();
    assert!(changed < 60, "{changed} lines");
}
