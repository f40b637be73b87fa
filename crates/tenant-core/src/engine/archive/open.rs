//! Opens the transaction in which a tenant is read.

use sql_text::literal;

use crate::Error;
use crate::assertion::Assertion;
use crate::engine::lock::lock_key;
use crate::engine::script::Script;
use crate::engine::send::{ask, run_script, watched};
use crate::engine::transaction::{close, forget, set_again};
use crate::engine::turn::{Busy, Turn};
use crate::engine::work::Work;

/// The step that fails while another run changes the schema.
const TAKING_LOCK: &str = "take the lock";

/// Opens a transaction that reads everything as of one moment, and changes nothing. It shares the
/// lock of the schema with other readers until [`let_others_go_on`], so that no migration runs
/// while definitions are read.
///
/// # Errors
///
/// [`Error::Busy`], [`Error::Unknown`], [`Error::Untracked`], [`Error::MissingSchema`], or a
/// server error. Then no transaction is open.
pub(super) async fn open(work: Work<'_>) -> Result<(), Error> {
    let mut turn = Turn::new(work);
    let script = opening(work);
    loop {
        work.session.begin();
        match watched(work, &script).await {
            Ok(_) => break,
            Err(failure) if failure.is_at(TAKING_LOCK) => {
                close(work).await;
                turn.comes_after(Busy::Schema(work.schema)).await?;
            }
            Err(failure) => {
                close(work).await;
                return Err(failure.into_error(work));
            }
        }
    }
    let whole = require_whole(work).await;
    if whole.is_err() {
        close(work).await;
    }
    whole
}

/// The lock is the session's, because it ends before the transaction does. It is taken before the
/// moment is chosen, which is the first query's.
fn opening(work: Work<'_>) -> Script<'_> {
    let mut script = Script::default();
    let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY NOT DEFERRABLE";
    script.step("begin a transaction", begin);
    forget(work, &mut script);
    let take = format!(
        "pg_catalog.pg_try_advisory_lock_shared({})",
        lock_key(work.schema)
    );
    script.step(TAKING_LOCK, &Assertion::Lock.check(&take));
    script.step("prepare the session", "COMMIT");
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY NOT DEFERRABLE";
    script.step("begin a transaction", begin);
    set_again(work, &mut script);
    script
}

/// Lets other runs change the schema again, except for the tables that are being read.
pub(super) async fn let_others_go_on(work: Work<'_>) -> Result<(), Error> {
    let mut script = Script::default();
    let unlock = format!(
        "SELECT pg_catalog.pg_advisory_unlock_shared({})",
        lock_key(work.schema)
    );
    script.step("release the lock", &unlock);
    run_script(work, &script).await
}

async fn require_whole(work: Work<'_>) -> Result<(), Error> {
    let mut script = Script::default();
    let query = format!(
        "SELECT {}, pg_catalog.to_regnamespace({}) IS NOT NULL",
        work.registry.is_registered(work.schema),
        literal(&work.schema.ident())
    );
    script.step("look for the tenant", &query);
    let rows = ask(work, &script).await.map_err(|error| match error {
        error if error.sqlstate() == Some("42P01") => work.registry.not_set_up(),
        error => error,
    })?;
    let answer = |column| rows.first().and_then(|row| row.get(column)) == Some("t");
    match (answer(0), answer(1)) {
        (true, true) => Ok(()),
        (true, false) => Err(work.missing()),
        (false, true) => Err(work.untracked()),
        (false, false) => Err(work.unknown()),
    }
}
