//! Findings as a person reads them: a summary, then each finding once, however often it
//! recurs.

use command_line::message::{Message, Place};
use command_line::words::counted;
use migration_lint::Severity;

use super::{Findings, Row};
use crate::{advice, standard_output};

/// How many places of one finding are listed.
const PLACES: usize = 5;

/// Findings that differ in their places only.
struct Group<'a> {
    first: &'a Row,
    others: Vec<&'a Row>,
}

pub(super) fn text(findings: &Findings, is_complete: bool) -> String {
    let mut lines = vec![summary(findings)];
    let groups = grouped(&findings.findings);
    for (at, group) in groups.iter().enumerate() {
        let next = groups.get(at + 1);
        let is_repeated = next.is_some_and(|next| next.has_hint_of(group));
        lines.extend(group.message(is_complete, !is_repeated).lines());
    }
    if !findings.is_empty() {
        lines.extend(Message::note(HOW_TO_IGNORE).lines());
    }
    standard_output::text(&lines)
}

const HOW_TO_IGNORE: &str =
    "a comment above a statement silences a rule there: `-- lint:ignore RULE reason`";

pub(super) fn summary(findings: &Findings) -> String {
    let is_error = |row: &&Row| row.severity == Severity::Error;
    let errors = findings.findings.iter().filter(is_error).count();
    let warnings = findings.findings.len() - errors;
    let found = [(errors, "error"), (warnings, "warning")];
    let found = found.into_iter().filter(|(count, _)| *count > 0);
    let found = found.map(|(count, noun)| counted(count, noun));
    let found = found.collect::<Vec<_>>().join(", ");
    let checked = counted(findings.checked, "migration");
    match findings.is_empty() {
        true => format!("Checked {checked}: no findings."),
        false => format!("Checked {checked}: {found}."),
    }
}

/// One group for each finding, and the groups of one rule beside each other.
fn grouped(rows: &[Row]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in rows {
        if let Some(same) = groups.iter_mut().find(|group| group.includes(row)) {
            same.others.push(row);
            continue;
        }
        let one = Group {
            first: row,
            others: Vec::new(),
        };
        let of_rule = groups
            .iter()
            .rposition(|group| group.first.rule == row.rule);
        groups.insert(of_rule.map_or(groups.len(), |at| at + 1), one);
    }
    groups
}

impl Group<'_> {
    fn includes(&self, row: &Row) -> bool {
        let parts = |row: &Row| (row.rule.clone(), row.message.clone(), row.hint.clone());
        parts(self.first) == parts(row)
    }

    /// Whether the same is to be done about both.
    fn has_hint_of(&self, other: &Self) -> bool {
        let parts = |row: &Row| (row.rule.clone(), row.notes.clone(), row.hint.clone());
        parts(self.first) == parts(other.first)
    }

    fn message(&self, is_complete: bool, is_last: bool) -> Message {
        let Row { rule, message, .. } = self.first;
        let text = match self.others.len() {
            0 => format!("{rule}: {message}"),
            more => format!("{rule}: {message} ({} places)", more + 1),
        };
        let message = match self.first.severity {
            Severity::Error => Message::error(text),
            _ => Message::warning(text),
        };
        let message = message
            .at(place(self.first))
            .excerpt(self.first.excerpt.clone())
            .rows(self.other_places(is_complete));
        if !is_last {
            return message;
        }
        let hint = self.first.hint.iter().map(|hint| advice::hint(hint));
        message.notes(self.first.notes.clone()).hints(hint)
    }

    fn other_places(&self, is_complete: bool) -> Vec<String> {
        let limit = if is_complete {
            self.others.len()
        } else {
            PLACES - 1
        };
        let places = self.others.iter().take(limit);
        let mut rows = places
            .map(|row| format!("--> {}", place(row)))
            .collect::<Vec<_>>();
        let left_out = self.others.len().saturating_sub(limit);
        if left_out > 0 {
            rows.push(format!("... and {left_out} more (--verbose lists all)"));
        }
        rows
    }
}

fn place(row: &Row) -> Place {
    Place {
        file: row.file.clone(),
        line: Some(row.line),
        column: Some(row.column),
    }
}
