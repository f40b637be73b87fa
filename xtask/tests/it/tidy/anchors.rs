//! The rule that a link to a heading leads to one.

use std::collections::BTreeMap;

use super::documents::{links, resolved};
use super::{Repository, assert_none};

#[test]
fn every_link_to_a_heading_leads_to_one() {
    assert_none(
        &dead_anchors(&Repository::this()),
        "correct what follows the `#`: the heading in small letters, with a hyphen for each space \
         and without other punctuation.",
    );
}

fn dead_anchors(repository: &Repository) -> Vec<String> {
    let is_document = |path: &str| path.ends_with(".md");
    let documents = repository.texts().filter(|(path, _)| is_document(path));
    let documents = documents.collect::<BTreeMap<_, _>>();
    let mut findings = Vec::new();
    for (path, text) in &documents {
        for (line, target) in links(text) {
            let Some((file, anchor)) = target.split_once('#') else {
                continue;
            };
            let file = if file.is_empty() {
                Some((*path).to_owned())
            } else {
                resolved(path, file)
            };
            let there = file.and_then(|file| documents.get(file.as_str()).copied());
            if there.is_some_and(|text| !anchors(text).iter().any(|one| one == anchor)) {
                findings.push(format!(
                    "{path}:{line}: leads to {target}, which is no heading"
                ));
            }
        }
    }
    findings
}

/// What the headings are called in links, by mdBook and by forges.
fn anchors(markdown: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    let mut times = BTreeMap::new();
    let mut in_fence = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        }
        let title = line.trim_start_matches('#');
        let is_heading = title.len() < line.len() && title.starts_with(' ');
        if in_fence || !is_heading {
            continue;
        }
        let anchor = anchor(title);
        let earlier = times.entry(anchor.clone()).or_insert(0);
        anchors.push(match earlier {
            0 => anchor,
            _ => format!("{anchor}-{earlier}"),
        });
        *earlier += 1;
    }
    anchors
}

/// What a heading is called. Of a link in it, the text counts.
fn anchor(title: &str) -> String {
    let mut text = title.trim().to_owned();
    while let Some((start, end)) = link_target(&text) {
        text.replace_range(start..end, "");
    }
    let kept = text.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        _ if c.is_alphanumeric() => Some(c),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}

fn link_target(text: &str) -> Option<(usize, usize)> {
    let start = text.find("](")?;
    let length = text[start..].find(')')?;
    Some((start, start + length + 1))
}

#[test]
fn the_rule_about_anchors_can_fail() {
    let page = "# One `two`, three!\n## Again\n## Again\n```\n# not this\n```\n## A [b](c.md)\n";
    assert_eq!(anchors(page), ["one-two-three", "again", "again-1", "a-b"]);
    let links = "[a](b.md#again-1) [b](b.md#again-2) [c](#here)\n# Here\n[d](b.md#not-this)\n";
    let repository = Repository::of(&[("docs/a.md", links), ("docs/b.md", page)]);
    assert_eq!(
        dead_anchors(&repository),
        [
            "docs/a.md:1: leads to b.md#again-2, which is no heading",
            "docs/a.md:3: leads to b.md#not-this, which is no heading",
        ]
    );
}
