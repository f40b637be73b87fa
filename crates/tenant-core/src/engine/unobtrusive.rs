//! Work that gives way as soon as another session waits for it.
//!
//! Trying the migrations takes the locks that they take: a foreign key to a shared table
//! keeps others from writing to that table until the trial is rolled back.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio_postgres::Client;

use super::lock::lock_key;
use super::lock_holders::owners;
use super::work::Work;
use crate::Error;
use crate::name::Schema;

/// The pause between checks whether another session waits. A session may have to wait this long.
const PAUSE: Duration = Duration::from_millis(40);

/// How long the answer of the session that looks may take, once the trial was canceled.
const ANSWER: Duration = Duration::from_millis(500);

/// The code of a statement that was canceled.
const CANCELED: &str = "57014";

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
    let has_given_way = AtomicBool::new(false);
    // Side by side: behind a pooler with one connection the watcher waits for the trial.
    let watch = pin!(watch(work, schema, &has_given_way));
    let tried = match select(pin!(trial), watch).await {
        Either::Left((tried, watch)) => {
            if tried
                .as_ref()
                .is_err_and(|error| error.sqlstate() == Some(CANCELED))
            {
                // Its answer can come after what it has done.
                drop(tokio::time::timeout(ANSWER, watch).await);
            }
            tried
        }
        Either::Right((never, _)) => match never {},
    };
    match tried {
        Err(_) if has_given_way.load(Ordering::Relaxed) => Err(Error::InTheWay),
        tried => tried,
    }
}

/// Cancels what holds the lock of `schema` whenever another session waits for it.
async fn watch(work: Work<'_>, schema: Schema<'_>, has_given_way: &AtomicBool) -> Infallible {
    let question = give_way(schema);
    let mut watcher: Option<Client> = None;
    loop {
        tokio::time::sleep(PAUSE).await;
        if watcher.is_none() {
            watcher = work.database.pinned_driver().await.ok();
        }
        if let Some(client) = &watcher {
            match client.query_typed(&question, &[]).await {
                Ok(rows) if !rows.is_empty() => has_given_way.store(true, Ordering::Relaxed),
                Ok(_) => {}
                Err(_) => watcher = None,
            }
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
        owners(&lock_key(schema))
    )
}
