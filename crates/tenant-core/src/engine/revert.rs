//! Reverts migrations of one schema, in its transaction.

use super::attempt::Attempts;
use super::done::Done;
use super::ledger::open_ledger;
use super::run::run;
use super::transaction::{Make, Way, close};
use super::work::Work;
use crate::migration::Migration;
use crate::{Error, Version};

/// Rolls back the migrations among `migrations` that the schema has, newest first. Each needs a
/// `down.sql`.
///
/// The lock, the transaction, the checks of the path, the batches outside and the attempts are
/// the same as for applying. So are the failures. In addition, [`Error::AppliedMeanwhile`] if the
/// schema has a newer migration that is not to be rolled back. Migrations outside a transaction
/// cut the run into batches. The migrations of batches before the failed batch stay rolled back.
pub(crate) async fn revert<'a>(work: Work<'a>, migrations: &[&'a Migration]) -> Done<'a> {
    let mut attempts = Attempts::new();
    let mut done = Done::with(&[]);
    loop {
        done = take_back(work, migrations).await.after(done.committed);
        match &done.result {
            Err(error) if attempts.again_after(work, error).await => {}
            _ => return done,
        }
    }
}

async fn take_back<'a>(work: Work<'a>, migrations: &[&'a Migration]) -> Done<'a> {
    let applied = match open_ledger(work).await {
        Ok(ledger) => ledger.versions,
        Err(error) => return Done::failed(error),
    };
    match choose(work, migrations, &applied) {
        Ok(present) if !present.is_empty() => run(work, Way::Revert, &present, Make::Nothing).await,
        chosen => {
            close(work).await;
            chosen.map_or_else(Done::failed, |nothing| Done::with(&nothing))
        }
    }
}

/// The applied migrations among `migrations`, newest first.
fn choose<'a>(
    work: Work<'_>,
    migrations: &[&'a Migration],
    applied: &[String],
) -> Result<Vec<&'a Migration>, Error> {
    let has = |migration: &&&Migration| applied.iter().any(|one| migration.version() == one);
    let mut present = migrations.iter().filter(has).copied().collect::<Vec<_>>();
    present.sort_by(|one, other| other.version().cmp(one.version()));
    let Some(oldest) = present.last() else {
        return Ok(present);
    };
    let newer = applied.iter().find(|version| {
        let is_meant = present.iter().any(|one| one.version() == *version);
        version.as_str() > oldest.version().as_str() && !is_meant
    });
    match newer {
        Some(newer) => Err(Error::AppliedMeanwhile {
            schema: work.schema.to_string(),
            version: Version::recorded(newer),
        }),
        None => Ok(present),
    }
}
