//! A migration outside a transaction: one message for each statement.
//!
//! It can be cut off half way, and then the next run begins it anew. What the
//! earlier run has left is put right before: see [`repair`](super::repair).

use super::Work;
use super::attempt::set_statement_timeout;
use super::parts::{add_end, record, run_script};
use super::repair;
use super::script::{Origin, Script};
use crate::Error;
use crate::migration::{Migration, adds_value};

/// Refuses the first of `migrations` that runs outside a transaction where a
/// pooler is at the other end: its statements could reach another connection than
/// the path that is set for them, and so another tenant.
///
/// # Errors
///
/// [`Error::NeedsDirect`], or that the database cannot be asked.
pub(super) async fn require_direct(work: Work<'_>, migrations: &[&Migration]) -> Result<(), Error> {
    let outside = migrations
        .iter()
        .find(|migration| !migration.in_transaction());
    match outside {
        Some(migration) if !work.database.is_direct().await? => Err(Error::NeedsDirect {
            schema: work.schema.to_string(),
            migration: migration.name().to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Runs `migration` under the lock that is held, and records it. An error
/// leaves the session marked as busy; it is closed, and the lock with it.
///
/// No `lock_timeout`: `CREATE INDEX CONCURRENTLY` waits for every older
/// transaction by design, and blocks nobody meanwhile.
pub(super) async fn run_outside<'a>(work: Work<'a>, migration: &'a Migration) -> Result<(), Error> {
    let mut script = Script::default();
    script.step("setting the search path", &work.path().set_session());
    script.step("checking that the search path exists", &work.path().check());
    if let Some(limit) = set_statement_timeout(work, "SET") {
        script.step("starting", &limit);
    }
    run_script(work, &script).await?;
    for (number, statement) in migration.statements().enumerate() {
        if repair::is_done(work, statement).await? {
            continue;
        }
        let mut script = Script::default();
        script.push(Origin::Migration(migration, number), statement);
        match run_script(work, &script).await {
            // An earlier run has added the value of the enum.
            Err(error) if error.sqlstate() == Some("42710") && adds_value(statement) => {}
            done => done?,
        }
    }
    let mut script = Script::default();
    script.step("starting", "BEGIN");
    script.step(
        "recording the migration",
        &record(work.schema, &[migration]),
    );
    let (part, update) = ([migration], super::parts::Registration::Update);
    add_end(work, &mut script, &part, update);
    run_script(work, &script).await
}
