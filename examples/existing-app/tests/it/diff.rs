//! The diff that the guide shows.

use std::fs;
use std::path::Path;

/// Yields the path of each file in a diff, and what each of its hunks leads to.
fn hunks(diff: &str) -> Vec<(&str, String)> {
    let mut hunks = Vec::new();
    let mut path = "";
    for line in diff.lines() {
        if let Some(named) = line.strip_prefix("+++ b/") {
            path = named;
        } else if line.starts_with("@@") {
            hunks.push((path, String::new()));
        } else if let (Some((_, text)), false) = (hunks.last_mut(), line.starts_with('-')) {
            text.push_str(line.strip_prefix(['+', ' ']).unwrap_or(line));
            text.push('\n');
        }
    }
    hunks
}

#[test]
fn the_diff_of_moving_in_leads_to_the_files_as_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let diff = fs::read_to_string(folder.join("moving-in.diff")).unwrap();
    let hunks = hunks(&diff);
    assert!(hunks.len() > 10, "{} hunks", hunks.len());
    for (path, text) in hunks {
        let file = fs::read_to_string(folder.join(path)).unwrap();
        assert!(file.contains(&text), "{path} has changed:\n{text}");
    }
    for line in diff.lines().filter(|line| line.starts_with("---")) {
        let is_named = line.starts_with("--- a/") || line == "--- /dev/null";
        assert!(is_named, "{line}");
    }
}
