//! Codes: how commands end, what the linter finds, kinds of problems and notes.

use std::collections::BTreeSet;

use command_line::Verdict;
use migration_lint::{RuleInfo, Severity, rules};

use super::page::{Cell, Page, code, known};

/// The blocks with kinds of problems, by section.
const KINDS: [&str; 5] = [
    "differences",
    "history",
    "registry",
    "access",
    "failed-checks",
];

#[test]
fn the_page_of_exit_codes_has_every_code() {
    let rows = Verdict::ALL.iter();
    let rows = rows.map(|it| vec![known(it.code().to_string()), known(it.meaning())]);
    let page = Page::read("exit-codes");
    let page = page.with_table("exit-codes", &rows.collect::<Vec<_>>());
    page.is_as_the_code_says();
}

#[test]
fn the_page_of_lint_rules_has_every_rule() {
    let ours = |rule: &&RuleInfo| !rule.is_about_safety() && !rule.is_about_citus();
    let severe = |rule: &RuleInfo| {
        let severity = match rule.severity() {
            Severity::Error => "error",
            _ => "warning",
        };
        vec![
            code(rule.name),
            known(severity),
            summary(rule),
            Cell::ByHand,
        ]
    };
    let migrations = rules().iter().filter(ours).map(severe).collect::<Vec<_>>();
    let citus = rules().iter().filter(|rule| rule.is_about_citus());
    let citus = citus.map(severe).collect::<Vec<_>>();
    let squawk = rules().iter().filter(|rule| rule.is_about_safety());
    let (on, off) = squawk.partition::<Vec<_>, _>(|rule| rule.on_by_default);
    let on = on.into_iter();
    let on = on.map(|rule: &RuleInfo| vec![code(rule.name), summary(rule), Cell::ByHand]);
    let off = off.into_iter();
    let off = off.map(|rule: &RuleInfo| vec![code(rule.name), summary(rule)]);
    Page::read("lint-rules")
        .with_table("migration-rules", &migrations)
        .with_table("citus-rules", &citus)
        .with_table("rules-on", &on.collect::<Vec<_>>())
        .with_table("rules-off", &off.collect::<Vec<_>>())
        .is_as_the_code_says();
}

fn summary(rule: &RuleInfo) -> Cell {
    known(rule.summary.replace('|', "\\|"))
}

#[test]
fn the_page_of_problem_kinds_has_every_kind() {
    let page = Page::read("problem-kinds");
    let listed = KINDS.iter().flat_map(|block| page.keys(block));
    let listed = listed.collect::<Vec<_>>();
    let known = tenant_core::ProblemKind::CODES.iter();
    let known = known
        .map(|kind| format!("`{kind}`"))
        .collect::<BTreeSet<_>>();
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), known);
    assert_eq!(listed.len(), known.len(), "a kind is described twice");
}

#[test]
fn the_page_of_problem_kinds_has_every_note() {
    let rows = tenant_core::Note::CODES.iter();
    let rows = rows.map(|note| vec![code(note), Cell::ByHand, Cell::ByHand]);
    let page = Page::read("problem-kinds");
    let page = page.with_table("notes", &rows.collect::<Vec<_>>());
    page.is_as_the_code_says();
}
