//! Rules about the documents: they exist, their links lead somewhere, and every command is
//! listed.

use xtask::alias::ALIASES;

use super::{Repository, assert_none};

const DOCUMENTS: &[&str] = &[
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "TENANT_SCHEMA_MIGRATION.md",
    "docs/architecture.md",
    "docs/guarantees.md",
];

/// Where the aliases are listed: commands for users, and commands for work on this repository.
const COMMAND_LISTS: [&str; 2] = ["docs/book/src/reference/commands.md", "CONTRIBUTING.md"];

#[test]
fn the_documents_readers_are_sent_to_exist() {
    assert_none(
        &missing_documents(&Repository::this()),
        "write the document; docs and error messages refer to it.",
    );
}

fn missing_documents(repository: &Repository) -> Vec<String> {
    let missing = DOCUMENTS
        .iter()
        .filter(|path| repository.text(path).is_none());
    missing
        .map(|path| format!("{path}: is not there"))
        .collect()
}

#[test]
fn the_documents_list_every_alias() {
    assert_none(
        &missing_commands(&Repository::this()),
        "name the alias in backquotes: a command for users in the reference of the book, which is \
         generated; a command for this repository in CONTRIBUTING.md.",
    );
}

fn missing_commands(repository: &Repository) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_');
    let texts = COMMAND_LISTS
        .iter()
        .filter_map(|path| repository.text(path));
    let words: Vec<&str> = texts
        .flat_map(|text| text.split('`').skip(1).step_by(2))
        .flat_map(|code| code.split(|c: char| !is_part(c)))
        .collect();
    let missing = ALIASES.iter().filter(|alias| !words.contains(&alias.name));
    missing
        .map(|alias| format!("{}: does not name `{}`", COMMAND_LISTS[0], alias.name))
        .collect()
}

#[test]
fn every_link_between_documents_leads_to_a_file() {
    assert_none(
        &dead_links(&Repository::this()),
        "correct the path (it starts at the folder of the document), or add the file.",
    );
}

fn dead_links(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in repository.texts().filter(|(path, _)| path.ends_with(".md")) {
        for (line, target) in links(text) {
            let file = target.split(['#', '?']).next().unwrap_or_default();
            let leads_somewhere =
                file.is_empty() || resolved(path, file).is_some_and(|file| repository.has(&file));
            if !leads_somewhere {
                findings.push(format!(
                    "{path}:{line}: leads to {target}, which does not exist"
                ));
            }
        }
    }
    findings
}

/// The targets of `[text](target)` and `[name]: target` outside code that stay
/// on this machine, with their line numbers.
pub(super) fn links(markdown: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut in_fence = false;
    for (index, line) in markdown.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence {
            links.extend(links_of(line).into_iter().map(|target| (index + 1, target)));
        }
    }
    links.retain(|(_, target)| !target.contains("://") && !target.starts_with("mailto:"));
    links
}

fn links_of(line: &str) -> Vec<&str> {
    let definition = line
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "));
    let inline = line
        .match_indices("](")
        .filter(|(at, _)| !is_in_code(&line[..*at]));
    let inline = inline.filter_map(|(at, _)| line[at + 2..].split_once(')'));
    let targets = inline
        .map(|(target, _)| target)
        .chain(definition.map(|(_, target)| target));
    // A target may be followed by a title, and may stand in angle brackets.
    let first_word = |target: &str| target.len() - target.trim_start().len();
    targets
        .map(|target| &target[first_word(target)..])
        .map(|target| target.split_whitespace().next().unwrap_or_default())
        .map(|target| target.trim_matches(['<', '>']))
        .collect()
}

/// Whether a code span is open at the end of `before`.
fn is_in_code(before: &str) -> bool {
    before.matches('`').count() % 2 == 1
}

/// The path from the root that `target` means in the document `from`; none when
/// it leaves the repository.
pub(super) fn resolved(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        parts.clear();
    }
    for part in target
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

#[test]
fn the_rule_about_links_can_fail() {
    let page = "[a](b.md) [c](../README.md#top \"t\") [d](gone.md) `[e](no.md)` \
                [f](https://example.org) [g](#here)\n```\n[h](no.md)\n```\n[i]: ../../out.md\n\
                [j](../docs)\n";
    let repository = Repository::of(&[("docs/a.md", page), ("docs/b.md", ""), ("README.md", "")]);
    assert_eq!(
        dead_links(&repository),
        [
            "docs/a.md:1: leads to gone.md, which does not exist",
            "docs/a.md:5: leads to ../../out.md, which does not exist",
        ]
    );
}

#[test]
fn the_rules_about_documents_can_fail() {
    let row = |name: &str| format!("- `cargo xtask {name} NAME` does it\n");
    let rows: String = ALIASES
        .iter()
        .skip(1)
        .map(|alias| row(alias.name))
        .collect();
    // `db:migrate:tenants` must not count as `db:migrate`.
    assert_eq!(ALIASES[0].name, "db:migrate");
    let list = format!("{rows}\nUse db:migrate.\n");
    let repository = Repository::of(&[("CONTRIBUTING.md", &list)]);
    assert_eq!(
        missing_commands(&repository),
        ["docs/book/src/reference/commands.md: does not name `db:migrate`"]
    );
    assert_eq!(missing_documents(&repository).len(), DOCUMENTS.len() - 1);
}
