//! A run over several tenants, for people.

use std::collections::BTreeMap;

use command_line::output::shown;
use command_line::words::{counted, time};
use command_line::{Context, Message, Verdict, remedy};
use tenant_core::remedy::Command;
use tenant_core::{FleetReport, Note, Outcome, Status, Version};

use crate::failures::Failures;

/// How many tenants are listed one by one; a fleet is summed up.
const LISTED: usize = 20;

/// What was done, a line for each tenant of a small run and a summary.
pub(crate) fn summary(report: &FleetReport, nothing: &str) -> String {
    let told = |outcome: &&Outcome| {
        let status = outcome.status;
        matches!(
            status,
            Status::Created
                | Status::Migrated
                | Status::Reverted
                | Status::Distributed
                | Status::Squashed
                | Status::Accepted
                | Status::Skipped
        )
    };
    let done = report.outcomes.iter().filter(told).collect::<Vec<_>>();
    let mut lines = Vec::new();
    if done.len() <= LISTED {
        lines.extend(done.into_iter().map(line));
    }
    lines.push(totals(report, nothing));
    if !report.spares.is_empty() {
        let spares = counted(report.spares.len(), "spare schema");
        lines.push(format!("{spares}: {}", tally(&report.spares)));
    }
    lines.join("\n")
}

fn line(outcome: &Outcome) -> String {
    let name = console::style(shown(&outcome.name)).bold();
    match outcome.status {
        Status::Skipped if !outcome.to_revert.is_empty() => format!(
            "  {name}: {} to roll back: {}",
            outcome.to_revert.len(),
            listed(&outcome.to_revert)
        ),
        Status::Skipped if outcome.pending.is_empty() => format!("  {name}: {}", words(outcome)),
        Status::Skipped => format!(
            "  {name}: {} pending: {}",
            outcome.pending.len(),
            listed(&outcome.pending)
        ),
        Status::Distributed | Status::Squashed | Status::Accepted => {
            format!("  {name}: {} in {}", words(outcome), time(outcome.duration))
        }
        _ => format!(
            "  {name}: {}, {} in {}",
            words(outcome),
            counted(outcome.applied.len() + outcome.reverted.len(), "migration"),
            time(outcome.duration)
        ),
    }
}

/// What a run recorded, or would record: the same of several tenants once, and below it
/// what [`summary`] says.
pub(crate) fn recorded(report: &FleetReport, dry_run: bool) -> String {
    let mut groups = BTreeMap::<String, usize>::new();
    for outcome in report.outcomes.iter().chain(&report.spares) {
        let parts = [
            ("records", &outcome.recorded),
            ("forgets", &outcome.forgotten),
            ("accepts the text of", &outcome.accepted),
        ];
        let parts = parts.iter().filter(|(_, versions)| !versions.is_empty());
        let parts = parts.map(|(verb, versions)| {
            let count = counted(versions.len(), "migration");
            format!("\n  {verb} {count}: {}", listed(versions))
        });
        *groups.entry(parts.collect()).or_default() += 1;
    }
    groups.remove("");
    let which = if dry_run { "would change" } else { "changed" };
    let groups = groups.into_iter().map(|(what, count)| {
        let schemas = counted(count, "schema");
        format!("What {which} in {schemas}:{what}\n")
    });
    let summary = summary(report, "There are no tenants yet.");
    groups.chain([summary]).collect()
}

fn listed(versions: &[Version]) -> String {
    let versions = versions.iter().map(Version::as_str);
    versions.collect::<Vec<_>>().join(", ")
}

fn totals(report: &FleetReport, nothing: &str) -> String {
    if report.outcomes.is_empty() {
        return nothing.to_owned();
    }
    format!(
        "{}: {} ({})",
        counted(report.outcomes.len(), "tenant"),
        tally(&report.outcomes),
        time(report.duration)
    )
}

/// How many ended in which way: `3 migrated, 1 failed`.
pub(crate) fn tally(outcomes: &[Outcome]) -> String {
    let mut counts = Vec::<(&str, usize)>::new();
    for status in [
        Status::Created,
        Status::Migrated,
        Status::Reverted,
        Status::Distributed,
        Status::Squashed,
        Status::Accepted,
        Status::UpToDate,
        Status::Dropped,
        Status::Skipped,
        Status::Failed,
    ] {
        for outcome in outcomes.iter().filter(|outcome| outcome.status == status) {
            let words = words(outcome);
            match counts.iter_mut().find(|(known, _)| *known == words) {
                Some((_, count)) => *count += 1,
                None => counts.push((words, 1)),
            }
        }
    }
    let counts = counts
        .iter()
        .map(|(words, count)| format!("{count} {words}"));
    counts.collect::<Vec<_>>().join(", ")
}

/// How a tenant's part of a run ended, in words.
pub(crate) fn words(outcome: &Outcome) -> &'static str {
    match outcome.status {
        Status::Created if outcome.from_spare => "created from a spare",
        Status::Created => "created",
        Status::Dropped => "dropped",
        Status::Migrated => "migrated",
        Status::Reverted => "rolled back",
        Status::Distributed => "distributed",
        Status::Squashed => "squashed",
        Status::Accepted => "accepted",
        Status::UpToDate => "up to date",
        Status::Failed => "failed",
        Status::Skipped if !outcome.pending.is_empty() => "behind",
        Status::Skipped if !outcome.to_revert.is_empty() => "to roll back",
        Status::Skipped if !outcome.forgotten.is_empty() => "to squash",
        Status::Skipped if !outcome.accepted.is_empty() => "to accept",
        Status::Skipped => "not begun",
        status => status.code(),
    }
}

/// Shows what is no failure and should be known. A document has it too.
pub(crate) fn notes(context: &Context, notes: &[Note]) {
    let output = context.output;
    if output.is_json() {
        return;
    }
    for note in notes {
        let hints = remedy::hints(&note.remedies(), context.invocation());
        let note = Message::note(note.to_string()).hints(hints);
        output.problem(&note.to_string());
    }
}

/// Shows the failures of a run; its verdict, in which a tenant that was left out counts
/// as one.
pub(crate) fn verdict(context: &Context, report: &FleetReport) -> Verdict {
    or_left_out(failures(context, report), report)
}

/// The same of a run that `again` repeats for the tenants that failed.
pub(crate) fn verdict_of_retried(
    context: &Context,
    report: &FleetReport,
    again: Option<Command>,
) -> Verdict {
    let failed = Failures::of(report).retried_by(again);
    or_left_out(failed.show(context), report)
}

fn or_left_out(verdict: Verdict, report: &FleetReport) -> Verdict {
    match verdict {
        Verdict::Done if report.count(Status::Skipped) > 0 => Verdict::Wrong,
        verdict => verdict,
    }
}

/// The same of a dry run, which leaves all out.
pub(crate) fn failures(context: &Context, report: &FleetReport) -> Verdict {
    Failures::of(report).show(context)
}
