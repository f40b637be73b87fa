//! Work that gives way as soon as another session waits for it.
//!
//! Trying the migrations takes the locks that they take: a foreign key to a shared table
//! keeps others from writing to that table until the trial is rolled back.

use std::pin::pin;
use std::time::Duration;

use tokio_postgres::Client;

use super::lock_holders::owners;
use super::work::Work;
use crate::Error;
use crate::name::Schema;

/// How often it is looked whether another session waits: for so long one may have to.
const PAUSE: Duration = Duration::from_millis(40);

/// Awaits `trial`, which works under the lock of `schema`, and cancels what it does once
/// another session waits for a lock of it.
///
/// # Errors
///
/// [`Error::InTheWay`] when it was cancelled, or what it meets.
pub(crate) async fn unobtrusively<T>(
    work: Work<'_>,
    schema: Schema<'_>,
    trial: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let mut trial = pin!(trial);
    let question = give_way(schema);
    let mut watcher: Option<Client> = None;
    let mut has_given_way = false;
    loop {
        tokio::select! {
            biased;
            tried = &mut trial => return match tried {
                Err(_) if has_given_way => Err(Error::InTheWay),
                tried => tried,
            },
            () = tokio::time::sleep(PAUSE) => {}
        }
        if watcher.is_none() {
            watcher = work.database.pinned_driver().await.ok();
        }
        if let Some(watcher) = &watcher {
            let canceled = watcher.query_typed(&question, &[]).await;
            has_given_way |= canceled.is_ok_and(|rows| !rows.is_empty());
        }
    }
}

/// The statement that cancels what holds the schema's lock if another session waits for it.
/// It gives back a row if it did.
fn give_way(schema: Schema<'_>) -> String {
    format!(
        "SELECT pg_catalog.pg_cancel_backend(o.pid) FROM ({}) o \
         WHERE EXISTS (SELECT FROM pg_catalog.pg_locks w WHERE NOT w.granted \
             AND o.pid = ANY (pg_catalog.pg_blocking_pids(w.pid)))",
        owners(schema)
    )
}
