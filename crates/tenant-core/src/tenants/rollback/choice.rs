//! Which migrations a rollback is about, and which tenants have them.

use std::collections::{BTreeMap, BTreeSet};

use super::ahead::Ahead;
use super::to::RollbackTo;
use crate::engine::refuse_file;
use crate::migration::{Migration, MigrationFile, MigrationSet, versions};
use crate::tenants::state::Standing;
use crate::{Error, Version};

/// Every version that is applied to a tenant, with the names of those that have it.
pub(super) type Holders<'a> = BTreeMap<&'a Version, Vec<&'a str>>;

/// Every version that is applied to one of them.
pub(super) fn holders<'a>(migrations: &'a MigrationSet, standings: &'a [Standing]) -> Holders<'a> {
    let mut holders = Holders::new();
    for standing in standings {
        for version in standing.all_applied(migrations) {
            let names = holders.entry(version).or_default();
            names.push(standing.entry.key());
        }
    }
    holders
}

/// The migrations to revert, newest first.
///
/// # Errors
///
/// What keeps the whole run from being begun: see `Tenants::plan_rollback`.
pub(super) fn choose<'a>(
    migrations: &'a MigrationSet,
    holders: &Holders<'_>,
    to: &RollbackTo,
) -> Result<Vec<&'a Migration>, Error> {
    let newest_first = holders.keys().rev().copied();
    let chosen = match to {
        RollbackTo::Steps(steps) => newest_first.take(steps.get()).collect::<Vec<_>>(),
        RollbackTo::Version(version) if migrations.find(version.as_str()).is_none() => {
            return Err(Error::NoVersion(version.clone()));
        }
        RollbackTo::Version(version) => newest_first.take_while(|one| *one > version).collect(),
        RollbackTo::Nothing => newest_first.collect(),
    };
    require_ours(migrations, holders, &chosen)?;
    let chosen = chosen.into_iter();
    let chosen = chosen.filter_map(|version| migrations.find(version.as_str()));
    let chosen = chosen.collect::<Vec<_>>();
    require_down(&chosen)?;
    Ok(chosen)
}

/// The migrations that some have and keep, oldest first.
pub(super) fn remaining<'a>(
    migrations: &'a MigrationSet,
    holders: &Holders<'_>,
    to_revert: &[&Migration],
) -> Vec<&'a Migration> {
    let oldest = to_revert.last().map(|oldest| oldest.version());
    let remains = |one: &&Migration| {
        holders.contains_key(one.version()) && oldest.is_some_and(|oldest| one.version() < oldest)
    };
    migrations.iter().filter(remains).collect()
}

/// What one of them has to revert, if anything.
pub(super) fn ahead(
    migrations: &MigrationSet,
    standing: &Standing,
    to_revert: &[&Migration],
) -> Ahead {
    let applied = standing.all_applied(migrations).collect::<BTreeSet<_>>();
    let its = to_revert.iter().filter(|it| applied.contains(it.version()));
    Ahead {
        entry: standing.entry.clone(),
        versions: versions(&its.copied().collect::<Vec<_>>()),
    }
}

fn require_ours(
    migrations: &MigrationSet,
    holders: &Holders<'_>,
    chosen: &[&Version],
) -> Result<(), Error> {
    let unknown = chosen
        .iter()
        .filter(|it| migrations.find(it.as_str()).is_none());
    let unknown = unknown.copied().collect::<Vec<_>>();
    if unknown.is_empty() {
        return Ok(());
    }
    let tenants = unknown.iter().filter_map(|version| holders.get(version));
    let tenants = tenants.flatten().copied().collect::<BTreeSet<_>>();
    Err(Error::NotOurs {
        versions: unknown.into_iter().cloned().collect(),
        tenants: tenants.into_iter().map(str::to_owned).collect(),
    })
}

/// Refuses the run when one of them cannot be reverted, with all that have nothing
/// to revert them by.
fn require_down(to_revert: &[&Migration]) -> Result<(), Error> {
    let unreadable = to_revert.iter().filter_map(|one| {
        let problem = one.down_problem()?;
        Some((one.name().to_owned(), problem.to_owned()))
    });
    let unreadable = unreadable.collect::<Vec<_>>();
    if !unreadable.is_empty() {
        return Err(Error::UnreadableDown {
            migrations: unreadable,
        });
    }
    let irreversible = to_revert.iter().filter(|one| one.down_sql().is_none());
    let irreversible = irreversible.map(|one| one.name().to_owned());
    let irreversible = irreversible.collect::<Vec<_>>();
    if irreversible.is_empty() {
        return refuse_file(to_revert.iter().copied(), MigrationFile::Down);
    }
    Err(Error::Irreversible {
        migrations: irreversible,
    })
}
