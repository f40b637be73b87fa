//! A run over several tenants, for people.

use command_line::output::shown;
use command_line::words::{counted, time};
use command_line::{Output, Verdict, hints};
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
        Status::Skipped if outcome.pending.is_empty() => format!("  {name}: not begun"),
        Status::Skipped => format!(
            "  {name}: {} pending: {}",
            outcome.pending.len(),
            listed(&outcome.pending)
        ),
        Status::Distributed => format!("  {name}: distributed in {}", time(outcome.duration)),
        _ => format!(
            "  {name}: {}, {} in {}",
            words(outcome),
            counted(outcome.applied.len() + outcome.reverted.len(), "migration"),
            time(outcome.duration)
        ),
    }
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
        Status::UpToDate => "up to date",
        Status::Failed => "failed",
        Status::Skipped if !outcome.pending.is_empty() => "behind",
        Status::Skipped if !outcome.to_revert.is_empty() => "to revert",
        Status::Skipped => "not begun",
        status => status.code(),
    }
}

/// Shows what is no failure and should be known. A document has it too.
pub(crate) fn notes(output: Output, notes: &[Note]) {
    if output.is_json() {
        return;
    }
    for note in notes {
        let heading = format!("note: {}", shown(&note.to_string()));
        output.problem(&hints::paragraph(&heading, &[], Some(remedy(note))));
    }
}

/// What to do about it.
pub(crate) fn remedy(note: &Note) -> String {
    match note {
        Note::Edited { .. } => {
            "restore the file as it was, and write what is to change as a new migration; `cargo \
             xtask db:health:check` lists the tenants, and says what to do when they are right"
        }
        Note::Unknown { .. } => "run the newest program, or restore the folder of that migration",
        Note::Late { .. } => {
            "nothing, if the two do not depend on each other; a new migration is better dated today"
        }
        Note::LossUnknown { .. } => {
            "mend the migration, if one failed; otherwise read the down.sql files first: finding it \
             out takes a role that may create a schema, and migrations that can all run in one \
             transaction"
        }
        Note::NotBack { .. } => {
            "complete the down.sql files, or mend with a new migration what they leave"
        }
        Note::SameButForCase { .. } => {
            "nothing, if that is meant: PostgreSQL tells them apart only where the name is quoted"
        }
        Note::OldPath { remedy, .. } => return format!("`{};`", shown(remedy)),
        Note::NameInText { .. } => {
            "read them; where the tenant is meant, `CREATE OR REPLACE` them without the schema's name"
        }
        _ => "look into it",
    }
    .to_owned()
}

/// Shows the failures of a run; its verdict, in which a tenant that was left out counts
/// as one.
pub(crate) fn verdict(output: Output, report: &FleetReport) -> Verdict {
    match failures(output, report) {
        Verdict::Done if report.count(Status::Skipped) > 0 => Verdict::Wrong,
        verdict => verdict,
    }
}

/// The same of a dry run, which leaves all out.
pub(crate) fn failures(output: Output, report: &FleetReport) -> Verdict {
    let failed = report
        .failures()
        .map(|(outcome, error)| (outcome.name.as_str(), error));
    problems(output, "failed:", &failed.collect::<Vec<_>>())
}

/// Shows what is wrong with the first of these tenants; the verdict of it all.
pub(crate) fn problems(output: Output, label: &str, tenants: &[(&str, &Error)]) -> Verdict {
    for (name, error) in tenants.iter().take(FAILURES) {
        let label = console::style(label).for_stderr().red().bold();
        let heading = format!("{label} {}", shown(name));
        output.problem(&hints::paragraph(
            &heading,
            &hints::causes(*error),
            hints::of(error),
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
