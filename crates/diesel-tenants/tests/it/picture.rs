//! The picture of a terminal in the README. The commands really run, so it cannot go
//! stale: a test runs them again and compares. `UPDATE_BOOK=1` draws it anew.

mod ansi;
mod svg;

use std::fs;
use std::process::Stdio;

use crate::support::{Project, repository};

const PICTURE: &str = "docs/images/terminal.svg";

/// A migration that one tenant's rows violate.
const UNIQUE: (&str, &str, &str) = (
    "2026-03-02-000000_titles_are_unique",
    "ALTER TABLE boards ADD CONSTRAINT one_title UNIQUE (title);\n",
    "ALTER TABLE boards DROP CONSTRAINT one_title;\n",
);

/// Two rows with one title.
const DUPLICATES: &str = "INSERT INTO globex.boards (id, title) VALUES (1, 'Plan'), (2, 'Plan')";

#[tokio::test]
async fn the_readmes_picture_shows_what_the_commands_print() {
    let drawn = svg::draw(&session().await);
    let path = repository().join(PICTURE);
    if std::env::var_os("UPDATE_BOOK").is_some() {
        fs::write(path, drawn).unwrap();
        return;
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(
        without_times(&kept) == without_times(&drawn),
        "{PICTURE} is out of date. Run `UPDATE_BOOK=1 cargo test -p diesel-tenants picture`.\n{drawn}"
    );
}

/// What stands in the terminal after these commands.
async fn session() -> String {
    let project = Project::set_up().await;
    // One tenant after the other, so that the lines have an order.
    project.file("tenants.toml", "[defaults]\njobs = 1\n");
    let mut screen = typed(&project, "create acme globex initech");
    project.tenant(UNIQUE.0, UNIQUE.1, UNIQUE.2);
    project.execute(DUPLICATES).await;
    screen += &typed(&project, "migrate");
    project
        .execute("DELETE FROM globex.boards WHERE id = 2")
        .await;
    screen += &typed(&project, "migrate");
    project
        .execute("ALTER TABLE acme.boards DROP COLUMN position")
        .await;
    screen += &typed(&project, "repair acme");
    screen += &typed(&project, "health");
    screen
}

/// One command with its output, in the order in which it appears.
fn typed(project: &Project, line: &str) -> String {
    let output = project.folder.path().join("screen");
    let file = fs::File::create(&output).unwrap();
    let command = project.command(line).env("CLICOLOR_FORCE", "1");
    let status = command
        .into_std()
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .status();
    status.unwrap();
    let text = fs::read_to_string(output).unwrap();
    // The folder has another name in each run.
    let folder = format!("{}/", project.folder.path().display());
    let text = text.replace(&folder, "");
    format!("\u{1b}[2m$\u{1b}[0m \u{1b}[1mtenants {line}\u{1b}[0m\n{text}\n")
}

/// Durations differ from run to run: `9 ms`, `1.2 s`.
fn without_times(text: &str) -> String {
    let words = text.split(' ');
    let following = words.clone().skip(1).map(Some).chain([None]);
    let words = words.zip(following).map(|(word, next)| {
        let unit = word.strip_prefix('m').filter(|_| is_unit(word));
        if word.ends_with(|c: char| c.is_ascii_digit()) && next.is_some_and(is_unit) {
            let text = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            format!("{text}N")
        } else {
            unit.unwrap_or(word).to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn is_unit(word: &str) -> bool {
    let rest = word.strip_prefix("ms").or_else(|| word.strip_prefix('s'));
    rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

#[test]
fn durations_do_not_count() {
    let text = "a (9 ms) in 1.2 s. s = 3 more (12 s)</tspan>";
    let other = "a (10.5 s) in 70 ms. s = 3 more (1 ms)</tspan>";
    assert_eq!(without_times(text), without_times(other));
    assert_ne!(without_times("3 sessions"), without_times("4 sessions"));
}
