//! Changes the recorded migrations of a schema, and runs none. The schema must have the
//! definition that belongs to the new record.

use super::attempt::Attempts;
use super::ledger::{is_exactly, newest, record, strike_versions};
use super::rehearse::shape_of;
use super::repair::Keep;
use super::script::Script;
use super::send::{commit, run_script};
use super::transaction::{NotOpened, close, finish, open};
use super::work::Work;
use crate::migration::Migration;
use crate::registry::Ran;
use crate::shape::{Difference, Shape, compare_with_migrations};
use crate::{Error, Version};

/// What is to be recorded of a schema.
#[derive(Clone, Copy)]
pub(crate) struct Recording<'a> {
    /// The versions that it has, as it was found. Another history is another plan.
    pub(crate) applied: &'a [String],
    /// The migrations to record as applied, oldest first.
    pub(crate) record: &'a [&'a Migration],
    /// The versions to take out of its history.
    pub(crate) forget: &'a [Version],
    /// The migrations whose texts of today are to count as the applied ones.
    pub(crate) texts: &'a [&'a Migration],
}

/// How that ended.
pub(crate) enum Recorded {
    /// It is done, or would have been.
    Done,
    /// Its history is not the expected one any more. Nothing has happened.
    Meanwhile,
    /// Its shape is another one. Nothing has happened.
    Different(Vec<Difference>),
}

/// Records what `recording` says of the schema of `work`, if it looks like `expected`. One
/// transaction: the history, the row in the list, and the look at the shape before.
///
/// # Errors
///
/// [`Error::Busy`], a schema that is gone, or a server error. Then nothing has
/// happened.
pub(crate) async fn record_if_alike(
    work: Work<'_>,
    recording: Recording<'_>,
    expected: &Shape,
    keep: Keep,
) -> Result<Recorded, Error> {
    let mut attempts = Attempts::new();
    loop {
        match record_once(work, recording, expected, keep).await {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

async fn record_once(
    work: Work<'_>,
    recording: Recording<'_>,
    expected: &Shape,
    keep: Keep,
) -> Result<Recorded, Error> {
    let versions = recording.applied.iter().map(String::as_str);
    let query = format!("SELECT {}", is_exactly(work.schema, versions));
    let rows = match open(work, &query).await {
        Ok(rows) => rows,
        // Its history was dropped while the lock was waited for, or all of it.
        Err(NotOpened::Query(failure)) if failure.sqlstate() == Some("42P01") => {
            return Ok(Recorded::Meanwhile);
        }
        Err(error) => return Err(error.into_error(work)),
    };
    if rows.first().and_then(|row| row.get(0)) != Some("t") {
        close(work).await;
        return Ok(Recorded::Meanwhile);
    }
    match (record_in_transaction(work, recording, expected).await, keep) {
        (Ok(Recorded::Done), Keep::Yes) => {
            let committed = commit(work).await;
            finish(work, committed).await.map(|()| Recorded::Done)
        }
        (done, _) => {
            close(work).await;
            done
        }
    }
}

async fn record_in_transaction(
    work: Work<'_>,
    recording: Recording<'_>,
    expected: &Shape,
) -> Result<Recorded, Error> {
    let found = shape_of(work).await?;
    let differences = compare_with_migrations(expected, &found);
    if !differences.is_empty() {
        return Ok(Recorded::Different(differences));
    }
    let mut script = Script::default();
    if !recording.record.is_empty() {
        let record = record(work.schema, recording.record);
        script.step("record the migrations", &record);
    }
    if !recording.forget.is_empty() {
        let strike = strike_versions(work.schema, recording.forget);
        script.step("remove the old migrations from the history", &strike);
    }
    let texts = Ran {
        migrations: recording.texts,
    };
    let newest = newest(work, &mut script);
    let registry = work.registry;
    let update = registry.record(work.schema, texts, recording.forget, newest);
    if let Some(update) = update {
        script.step("update the list", &update);
    }
    run_script(work, &script).await?;
    Ok(Recorded::Done)
}
