//! A run over several tenants, for people.

use std::collections::BTreeMap;

use command_line::output::shown;
use command_line::words::{counted, time};
use command_line::{Context, Invocation, Verdict, hints, remedy};
use tenant_core::{Error, FleetReport, Note, Outcome, Status, Version};

/// How many tenants are listed one by one; a fleet is summed up.
const LISTED: usize = 20;

/// How many failures are shown in full.
const FAILURES: usize = 5;

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
            "  {name}: {} to revert: {}",
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
        Status::Reverted => "reverted",
        Status::Distributed => "distributed",
        Status::Squashed => "squashed",
        Status::Accepted => "accepted",
        Status::UpToDate => "up to date",
        Status::Failed => "failed",
        Status::Skipped if !outcome.pending.is_empty() => "behind",
        Status::Skipped if !outcome.to_revert.is_empty() => "to revert",
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
        let heading = format!("note: {}", shown(&note.to_string()));
        let hint = remedy(note, context.invocation());
        output.problem(&hints::paragraph(&heading, &[], Some(hint)));
    }
}

/// What to do about it.
pub(crate) fn remedy(note: &Note, invocation: &Invocation) -> String {
    remedy::text(&note.remedies(), invocation).unwrap_or_default()
}

/// Shows the failures of a run; its verdict, in which a tenant that was left out counts
/// as one.
pub(crate) fn verdict(context: &Context, report: &FleetReport) -> Verdict {
    match failures(context, report) {
        Verdict::Done if report.count(Status::Skipped) > 0 => Verdict::Wrong,
        verdict => verdict,
    }
}

/// The same of a dry run, which leaves all out.
pub(crate) fn failures(context: &Context, report: &FleetReport) -> Verdict {
    let failed = report
        .failures()
        .map(|(outcome, error)| (outcome.name.as_str(), error));
    let verdict = problems(context, "failed:", &failed.collect::<Vec<_>>());
    if !context.output.is_json() {
        kept(context, report);
    }
    verdict
}

/// Says what stays of runs that failed after they had committed something.
fn kept(context: &Context, report: &FleetReport) {
    let outcomes = report.failures().take(FAILURES);
    for (outcome, _) in outcomes {
        let (count, done) = match (outcome.applied.len(), outcome.reverted.len()) {
            (0, 0) => continue,
            (0, reverted) => (reverted, "reverted"),
            (applied, _) => (applied, "applied"),
        };
        let name = shown(&outcome.name);
        let count = counted(count, "migration");
        let note = format!("note: `{name}`: {count} {done} before the failure, and committed");
        context.output.problem(&note);
    }
}

/// Shows what is wrong with the first of these tenants; the verdict of it all.
pub(crate) fn problems(context: &Context, label: &str, tenants: &[(&str, &Error)]) -> Verdict {
    let output = context.output;
    for (name, error) in tenants.iter().take(FAILURES) {
        let label = console::style(label).for_stderr().red().bold();
        let heading = format!("{label} {}", shown(name));
        output.problem(&hints::paragraph(
            &heading,
            &hints::causes(*error),
            hints::of(error, context.invocation()),
        ));
    }
    if tenants.len() > FAILURES && !output.is_json() {
        let more = tenants.len() - FAILURES;
        output.problem(&format!("... and {more} more; --json lists them all"));
    }
    if tenants.is_empty() {
        Verdict::Done
    } else {
        Verdict::Wrong
    }
}
