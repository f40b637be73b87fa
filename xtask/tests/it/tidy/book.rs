//! Rules about the book in `docs/book`: each page is in its summary, its links stay in the
//! book, and a block that nothing checks says why.

use super::documents::{links, resolved};
use super::{Repository, assert_none};

const SRC: &str = "docs/book/src/";
const SUMMARY: &str = "docs/book/src/SUMMARY.md";

#[test]
fn every_page_is_in_the_summary_of_the_book() {
    assert_none(
        &not_in_the_summary(&Repository::this()),
        "add a line for the page to docs/book/src/SUMMARY.md, or delete the page.",
    );
}

fn pages(repository: &Repository) -> impl Iterator<Item = (&str, &str)> {
    let is_page = |path: &str| path.starts_with(SRC) && path.ends_with(".md") && path != SUMMARY;
    repository.texts().filter(move |(path, _)| is_page(path))
}

fn not_in_the_summary(repository: &Repository) -> Vec<String> {
    let summary = repository.text(SUMMARY).unwrap_or_default();
    let listed = links(summary).into_iter();
    let listed = listed.filter_map(|(_, target)| resolved(SUMMARY, target));
    let listed = listed.collect::<Vec<_>>();
    let missing = pages(repository).filter(|(path, _)| {
        let times = listed.iter().filter(|one| one == path).count();
        times != 1
    });
    missing
        .map(|(path, _)| format!("{path}: is not in the summary exactly once"))
        .collect()
}

#[test]
fn links_of_the_book_stay_in_the_book() {
    assert_none(
        &leaving_the_book(&Repository::this()),
        "the book is published without the repository: link to a page of the book, or name the \
         file of the repository as code.",
    );
}

fn leaving_the_book(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in pages(repository) {
        for (line, target) in links(text) {
            let file = target.split('#').next().unwrap_or_default();
            let is_inside =
                file.is_empty() || resolved(path, file).is_some_and(|file| file.starts_with(SRC));
            if !is_inside {
                findings.push(format!(
                    "{path}:{line}: leads to {target}, outside the book"
                ));
            }
        }
    }
    findings
}

#[test]
fn blocks_of_the_book_that_nothing_checks_say_why() {
    assert_none(
        &ignored_without_a_reason(&Repository::this()),
        "write `<!-- ignored: why it cannot run here -->` into the line above the block, or let \
         it run.",
    );
}

fn ignored_without_a_reason(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in pages(repository) {
        let mut before = "";
        for (index, line) in text.lines().enumerate() {
            let info = line.trim().strip_prefix("```").unwrap_or_default();
            let is_ignored = info.split(',').any(|word| word == "ignore");
            let reason = before.trim().strip_prefix("<!-- ignored: ");
            let reason = reason.and_then(|reason| reason.strip_suffix("-->"));
            if is_ignored && reason.is_none_or(|reason| reason.trim().is_empty()) {
                findings.push(format!("{path}:{}: is ignored without a reason", index + 1));
            }
            before = line;
        }
    }
    findings
}

#[test]
fn the_rules_about_the_book_can_fail() {
    let page = "[a](../b.md) [c](../../../README.md)\n\n```console,ignore\n$ x\n```\n\
                <!-- ignored: needs a cluster -->\n```console,ignore\n$ y\n```\n";
    let repository = Repository::of(&[
        (SUMMARY, "- [B](b.md)\n- [B again](b.md)\n- [D](d/e.md)\n"),
        ("docs/book/src/b.md", ""),
        ("docs/book/src/c.md", ""),
        ("docs/book/src/d/e.md", page),
    ]);
    assert_eq!(
        not_in_the_summary(&repository),
        [
            "docs/book/src/b.md: is not in the summary exactly once",
            "docs/book/src/c.md: is not in the summary exactly once",
        ]
    );
    assert_eq!(
        leaving_the_book(&repository),
        ["docs/book/src/d/e.md:1: leads to ../../../README.md, outside the book"]
    );
    assert_eq!(
        ignored_without_a_reason(&repository),
        ["docs/book/src/d/e.md:3: is ignored without a reason"]
    );
}
