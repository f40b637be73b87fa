//! What a run over the tenants would apply: the same of many tenants once.

use std::collections::BTreeMap;

use command_line::output::shown;
use command_line::words::counted;
use tenant_core::{FleetReport, Migration, MigrationSet, Outcome, Version};

use crate::names::a_few;
use crate::report::tally;

/// Whether a run would change a tenant or a spare.
pub(crate) fn is_pending(report: &FleetReport) -> bool {
    let mut outcomes = report.outcomes.iter().chain(&report.spares);
    outcomes.any(|outcome| !outcome.pending.is_empty())
}

/// The plan for people: how many tenants are behind, then each set of migrations with its
/// tenants, the largest group first.
pub(crate) fn text(report: &FleetReport, migrations: &MigrationSet) -> String {
    if report.outcomes.is_empty() {
        return "There are no tenants yet.".to_owned();
    }
    let mut lines = vec![summary(report)];
    for (pending, outcomes) in groups(&report.outcomes) {
        let names = outcomes.iter().map(|outcome| outcome.name.as_str());
        let count = counted(outcomes.len(), "tenant");
        lines.push(format!("{count}: {}", a_few(&names.collect::<Vec<_>>())));
        lines.extend(
            pending
                .iter()
                .map(|one| format!("  {}", name(one, migrations))),
        );
    }
    let spares = groups(&report.spares).into_iter();
    let spares = spares.map(|(_, outcomes)| outcomes.len()).sum::<usize>();
    if spares > 0 {
        lines.push(format!("{} behind as well", counted(spares, "spare")));
    }
    lines.join("\n")
}

fn summary(report: &FleetReport) -> String {
    let total = counted(report.outcomes.len(), "tenant");
    let tally = tally(&report.outcomes);
    match is_pending(report) {
        true => format!("{total}: {tally}; nothing was changed"),
        false => format!("{total}: {tally}"),
    }
}

/// Those with the same pending migrations, the most first.
fn groups(outcomes: &[Outcome]) -> Vec<(&[Version], Vec<&Outcome>)> {
    let mut groups = BTreeMap::<&[Version], Vec<&Outcome>>::new();
    for outcome in outcomes.iter().filter(|it| !it.pending.is_empty()) {
        groups.entry(&outcome.pending).or_default().push(outcome);
    }
    let mut groups = groups.into_iter().collect::<Vec<_>>();
    groups.sort_by_key(|(_, outcomes)| std::cmp::Reverse(outcomes.len()));
    groups
}

/// The name of the migration's folder.
fn name(version: &Version, migrations: &MigrationSet) -> String {
    let mut migrations = migrations.iter();
    let found = migrations.find(|migration| migration.version() == version);
    let name = found.map_or_else(|| version.as_str(), Migration::name);
    shown(name).into_owned()
}
