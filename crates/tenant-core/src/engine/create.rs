//! Creates a tenant: schema, migrations and registration in one transaction.
//!
//! Where that is not possible the schema is registered first, with as many migrations
//! as can be with it, and the others follow under the same lock.

use tokio_postgres::SimpleQueryRow;

use super::attempt::{Attempts, is_worth_another};
use super::batches::{Batch, Mode, batches_of, split_first};
use super::empty_schema::needs_empty_schema;
use super::hooks::has_hooks;
use super::name_state::open_and_look;
use super::outside::require_direct;
use super::own_work::{Open, open_again};
use super::run::run_batch;
use super::script::Ending;
use super::send::{ask, execute};
use super::transaction::{Make, Transaction, Way, close, send_at_once};
use super::undo::undo;
use super::unfit::refuse_unfit;
use super::work::Work;
use crate::hook::Occasion;
use crate::migration::Migration;
use crate::registry::RowBefore;
use crate::{Error, events};

/// Creates the tenant or spare of `work`. Returns the migrations that were applied.
///
/// # Errors
///
/// [`Error::Taken`], [`Error::Untracked`], [`Error::MissingSchema`] when the name
/// is registered without a schema, [`Error::NotSetUp`], and whatever
/// the migrations meet. Then there is no such tenant, also when a migration
/// outside the transaction was the one that failed.
pub(crate) async fn create(work: Work<'_>) -> Result<Vec<&Migration>, Error> {
    if has_hooks(work, Occasion::Create) {
        create_open(work).await?.complete(work).await?;
    } else {
        build_all(work, Ending::Commit).await?;
    }
    Ok(work.migrations.iter().collect())
}

/// The same, and leaves the transaction open for the application's own work. If the schema had to
/// be registered first, the open transaction is a separate one.
///
/// # Errors
///
/// As [`create`].
pub(crate) async fn create_open(work: Work<'_>) -> Result<Open, Error> {
    build_all(work, Ending::Hold).await
}

async fn build_all(work: Work<'_>, ending: Ending) -> Result<Open, Error> {
    let migrations = work.migrations.iter().collect::<Vec<_>>();
    refuse_unfit(migrations.iter().copied())?;
    let batches = batches_of(work, Way::Create.cut(), &migrations).await?;
    let (first, rest) = if is_made_empty(work).await? {
        ([].as_slice(), batches.as_slice())
    } else {
        split_first(&batches)
    };
    require_direct(work, rest).await?;
    let made = Transaction::first(work, Way::Create, first)
        .making(Make::Schema)
        .before(rest);
    if rest.is_empty() {
        return build_whole(made, first, ending).await;
    }
    let before = build_first(made, Attempts::new()).await?.before;
    work.session.keep_said();
    events::migrations_applied(work.schema, first);
    match run_all(work, rest, ending).await {
        Ok(open) => Ok(Open { before, ..open }),
        Err(error) => Err(undo(work, before, error).await),
    }
}

/// All of a new schema in one transaction.
async fn build_whole<'a>(
    made: Transaction<'a, '_>,
    migrations: &[&Migration],
    ending: Ending,
) -> Result<Open, Error> {
    let work = made.work;
    let made = match ending {
        Ending::Commit => made,
        Ending::Hold => made.held(),
    };
    let mut attempts = Attempts::new();
    let rows = match build_at_once(made, &mut attempts).await? {
        Some(rows) => rows,
        None => build_first(made, attempts).await?.rows,
    };
    if ending == Ending::Commit {
        work.session.keep_said();
        work.session.finish();
        events::migrations_applied(work.schema, migrations);
    }
    Ok(Open::read(&rows))
}

/// What follows the first transaction, under the lock that is held.
async fn run_all<'a>(
    work: Work<'a>,
    rest: &[Batch<'_, 'a>],
    ending: Ending,
) -> Result<Open, Error> {
    for batch in rest {
        run_rest(work, batch).await?;
    }
    match ending {
        Ending::Hold => open_again(work).await,
        Ending::Commit => {
            close(work).await;
            Ok(Open::read(&[]))
        }
    }
}

/// Whether the schema is committed before any migration. Behind a pooler no lock can be
/// held from one transaction to the next, so that a tenant is made in one there, or not at
/// all.
async fn is_made_empty(work: Work<'_>) -> Result<bool, Error> {
    Ok(needs_empty_schema(work) && work.database.is_direct().await?)
}

/// A batch after the first one. One in a transaction is tried again like the first, and
/// the lock outlives each attempt.
async fn run_rest<'a>(work: Work<'a>, batch: &Batch<'_, 'a>) -> Result<(), Error> {
    let mut attempts = Attempts::new();
    let is_inside = batch.mode == Mode::Together;
    loop {
        match run_batch(work, batch, Way::Apply).await {
            Err(error) if is_inside && attempts.again_after(work, &error).await => {
                execute(work.session, "roll back", "ROLLBACK").await?;
            }
            done => return done,
        }
    }
}

/// Creates all of a new schema in one message, and returns the rows. `None` if that does not
/// work; then nothing has happened.
///
/// # Errors
///
/// A migration failed, and not because of another session's lock.
async fn build_at_once<'a>(
    made: Transaction<'a, '_>,
    attempts: &mut Attempts<'a>,
) -> Result<Option<Vec<SimpleQueryRow>>, Error> {
    match send_at_once(&made).await {
        Err(error) if is_worth_another(&error) => {
            attempts.take_turns(made.work, &error);
            events::trying_again(made.work.schema, error.sqlstate());
            made.work.session.hear_anew();
            Ok(None)
        }
        done => done,
    }
}

/// What came of the first transaction.
struct First {
    rows: Vec<SimpleQueryRow>,
    /// The row that there was before it.
    before: RowBefore,
}

/// Runs the first transaction step by step, and retries when it loses against another session's
/// lock.
async fn build_first<'a>(
    made: Transaction<'a, '_>,
    mut attempts: Attempts<'a>,
) -> Result<First, Error> {
    loop {
        match build(made).await {
            Err(error) if attempts.again_after(made.work, &error).await => {}
            done => return done,
        }
    }
}

/// Schema, the migrations of the first transaction, and registration. The session is still
/// at work.
async fn build(made: Transaction<'_, '_>) -> Result<First, Error> {
    let work = made.work;
    let before = open_for_new(work).await?;
    let ran = async {
        let elsewhere = made.confinement().await?;
        let confined = made.confined_by(elsewhere.as_deref());
        ask(work, &confined.as_last_step()).await
    };
    let ran = ran.await;
    match ran {
        Ok(rows) => Ok(First { rows, before }),
        Err(error) => {
            close(work).await;
            Err(error)
        }
    }
}

/// Opens the transaction, once the name is known to be free. Gives back the row that there is
/// already.
pub(super) async fn open_for_new(work: Work<'_>) -> Result<RowBefore, Error> {
    let existing = open_and_look(work).await?;
    match existing.require_free(work) {
        Ok(()) => Ok(existing.row_before()),
        Err(error) => {
            close(work).await;
            Err(error)
        }
    }
}
