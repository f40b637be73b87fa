//! Creates a tenant from a spare: the schema gets the tenant's name.
//!
//! That takes a few milliseconds, whatever the migrations are. Two sessions that claim at once
//! never get the same spare. A claim locks the row of the spare in the list, and skips rows that
//! another session has locked.

use tokio_postgres::SimpleQueryRow;

use super::cluster::require_distributed;
use super::create::open_for_new;
use super::hooks::has_hooks;
use super::ledger::is_exactly;
use super::lock::require_lock;
use super::name_in_text::{Routine, routines_of};
use super::own_work::Open;
use super::script::{Ending, Script, UPDATING_REGISTRY};
use super::send::{ask, send};
use super::transaction::{close, confirm};
use super::work::Work;
use crate::assertion::Assertion;
use crate::hook::Occasion;
use crate::migration::MigrationFile;
use crate::name::Schema;
use crate::{Error, SchemaName, events};

/// How many spares are tried that turn out not to be usable.
const ATTEMPTS: usize = 3;

/// Creates the tenant of `work` from a spare. False if no spare is up to date; then nothing has
/// changed.
///
/// # Errors
///
/// The name is not free. A problem with a spare is no error: the tenant can be built instead.
pub(crate) async fn claim(work: Work<'_>) -> Result<bool, Error> {
    if !has_hooks(work, Occasion::Create) {
        return Ok(claim_one(work, Ending::Commit).await?.is_some());
    }
    match claim_open(work).await? {
        Some(open) => open.complete(work).await.map(|()| true),
        None => Ok(false),
    }
}

/// The same, and leaves the transaction open for the application's own work. `None` when there
/// is no spare that is up to date.
///
/// # Errors
///
/// As [`claim`].
pub(crate) async fn claim_open(work: Work<'_>) -> Result<Option<Open>, Error> {
    claim_one(work, Ending::Hold).await
}

async fn claim_one(work: Work<'_>, ending: Ending) -> Result<Option<Open>, Error> {
    let mut passed_over = Vec::new();
    while passed_over.len() < ATTEMPTS {
        open_for_new(work).await?;
        let Some(spare) = pick(work, &passed_over).await else {
            close(work).await;
            return Ok(None);
        };
        match take_and_end(work, &spare, ending).await {
            Ok(open) => return Ok(Some(open)),
            Err(error) => events::spare_passed_over(work.schema, &spare, &error),
        }
        passed_over.push(spare);
    }
    Ok(None)
}

/// Creates the tenant of `work` from this spare.
///
/// # Errors
///
/// When the name is not free, why the spare cannot be taken, or what the hooks meet. Then
/// nothing has changed.
pub(crate) async fn claim_this(work: Work<'_>, spare: &SchemaName) -> Result<(), Error> {
    if has_hooks(work, Occasion::Create) {
        return claim_this_open(work, spare).await?.complete(work).await;
    }
    open_for_new(work).await?;
    take_and_end(work, spare, Ending::Commit).await.map(drop)
}

/// The same, and leaves the transaction open for the application's own work.
///
/// # Errors
///
/// When the name is not free, or why the spare cannot be taken.
pub(crate) async fn claim_this_open(work: Work<'_>, spare: &SchemaName) -> Result<Open, Error> {
    open_for_new(work).await?;
    take_and_end(work, spare, Ending::Hold).await
}

/// Takes the spare, and tells it where that is committed.
async fn take_and_end(work: Work<'_>, spare: &SchemaName, ending: Ending) -> Result<Open, Error> {
    let open = match take(work, spare, ending).await {
        Ok(rows) => Open::read(&rows).of_spare(spare.clone()),
        Err(error) => {
            close(work).await;
            return Err(error);
        }
    };
    if ending == Ending::Commit {
        work.session.finish();
        open.tell(work.schema, work.migrations);
    }
    Ok(open)
}

/// Sees that the tenant of `work` can be made.
///
/// # Errors
///
/// As [`claim`].
pub(crate) async fn require_free(work: Work<'_>) -> Result<(), Error> {
    open_for_new(work).await?;
    close(work).await;
    Ok(())
}

/// The name of a spare that is now held.
async fn pick(work: Work<'_>, passed_over: &[SchemaName]) -> Option<SchemaName> {
    let newest = work
        .migrations
        .iter()
        .next_back()
        .map(|it| it.version().as_str());
    let mut script = Script::default();
    let texts = work.migrations.iter();
    let texts = texts.map(|it| (it.version().as_str(), it.fingerprint()));
    let query = work.registry.pick_spare(newest, passed_over, texts);
    script.step("look for a spare schema", &query);
    let rows = send(work, &script).await.ok()?;
    rows.first()?.get(0)?.parse().ok()
}

/// Gives the spare the tenant's name if no other session works on it and its own migration
/// history says that it is up to date. The change is part of the open transaction, which ends as
/// `ending` says.
async fn take(
    work: Work<'_>,
    spare: &SchemaName,
    ending: Ending,
) -> Result<Vec<SimpleQueryRow>, Error> {
    let routines = with_own_path(work, Schema::Spare(spare)).await?;
    let mut script = taking(work, spare, routines);
    if ending == Ending::Commit {
        confirm(work, &mut script);
    }
    script.end(ending);
    ask(work, &script).await
}

/// The functions of the spare whose own path names it: migrations can make some.
async fn with_own_path(work: Work<'_>, spare: Schema<'_>) -> Result<Vec<Routine>, Error> {
    let mut ups = work
        .migrations
        .iter()
        .filter_map(|one| one.file(MigrationFile::Up));
    if !ups.any(|up| up.line_about_path().is_some()) {
        return Ok(Vec::new());
    }
    let mut script = Script::default();
    script.step("list the functions", &routines_of(spare));
    let rows = ask(work, &script).await?;
    let routines = rows.iter().filter_map(|row| Routine::read(row, spare));
    Ok(routines.collect())
}

fn taking(work: Work<'_>, spare: &SchemaName, routines: Vec<Routine>) -> Script<'static> {
    let schema = Schema::Spare(spare);
    let newest = work
        .migrations
        .iter()
        .next_back()
        .map(|it| it.version().as_str());
    let mut script = Script::default();
    script.step("take the spare schema's lock", &require_lock(schema));
    let versions = work.migrations.iter().map(|it| it.version().as_str());
    let up_to_date = Assertion::SpareIsUpToDate.check(&is_exactly(schema, versions));
    script.step("check that the spare schema is up to date", &up_to_date);
    if work.database.is_cluster() {
        require_distributed(schema, &mut script);
    }
    for routine in routines {
        let statement = routine.follow(schema, work.schema);
        script.step("change the search path of a function", &statement);
    }
    let rename = format!(
        "ALTER SCHEMA {} RENAME TO {}",
        schema.ident(),
        work.schema.ident()
    );
    script.step("store the name of the schema", &rename);
    script.step(
        UPDATING_REGISTRY,
        &work.registry.take_over(schema, work.schema, newest),
    );
    script
}
