//! Reverts migrations of one schema, in its transaction.

use super::attempt::Attempts;
use super::batch::Way;
use super::ledger::open_ledger;
use super::run::run;
use super::script::Script;
use super::transaction::close;
use super::work::Work;
use crate::migration::Migration;
use crate::{Error, Version};

/// Runs the `down.sql` of those of `migrations` that the schema has, newest first,
/// each with one. `reverted` receives each when that is committed.
///
/// The lock, the transaction, the checks of the path, the batches outside and the
/// attempts are those of applying.
///
/// # Errors
///
/// [`Error::AppliedMeanwhile`] when the schema has a newer one that is not to be
/// reverted, or as for applying. Migrations outside a transaction cut the run into
/// batches, and those reverted before the failed batch stay reverted.
pub(crate) async fn revert<'a>(
    work: Work<'a>,
    migrations: &[&'a Migration],
    reverted: &mut Vec<&'a Migration>,
) -> Result<(), Error> {
    let mut attempts = Attempts::new();
    loop {
        match take_back(work, migrations, reverted).await {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

async fn take_back<'a>(
    work: Work<'a>,
    migrations: &[&'a Migration],
    reverted: &mut Vec<&'a Migration>,
) -> Result<(), Error> {
    let applied = open_ledger(work).await?.versions;
    let has = |migration: &&&Migration| applied.iter().any(|one| migration.version() == one);
    let mut present = migrations.iter().filter(has).copied().collect::<Vec<_>>();
    present.sort_by(|one, other| other.version().cmp(one.version()));
    let Some(oldest) = present.last() else {
        close(work).await;
        return Ok(());
    };
    if let Some(newer) = applied.iter().find(|version| {
        let is_meant = present.iter().any(|one| one.version() == *version);
        version.as_str() > oldest.version().as_str() && !is_meant
    }) {
        close(work).await;
        return Err(Error::AppliedMeanwhile {
            schema: work.schema.to_string(),
            version: Version::recorded(newer),
        });
    }
    run(work, Way::Revert, &present, Script::default(), reverted).await
}
