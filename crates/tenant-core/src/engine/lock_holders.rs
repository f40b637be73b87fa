//! The sessions that hold the lock that a run waits for.
//!
//! Once the wait has ended, the server no longer knows which sessions held the lock. So a long
//! wait is observed while it lasts, over another connection.

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_postgres::{Client, SimpleQueryMessage};

use super::lock::{lock_key, run_key};
use super::work::Work;
use crate::{LockHolder, PgError, events};

/// Checks at intervals, so that it misses no wait that lasts as long as the time-out. It reports
/// nothing for a run without a time-out. A run that does not wait costs nothing.
pub(super) async fn watch(work: Work<'_>, seen: &Mutex<Vec<LockHolder>>) -> Infallible {
    let timeout = work.settings.lock_timeout;
    if timeout.is_zero() {
        std::future::pending::<()>().await;
    }
    let pause = (timeout / 2).max(Duration::from_millis(10));
    let mut client = None;
    loop {
        tokio::time::sleep(pause).await;
        if client.is_none() {
            client = work.database.pinned_driver().await.ok();
        }
        let Some(client) = &client else { continue };
        let holders = ask(client, &in_the_way(work)).await;
        if !holders.is_empty() {
            events::waiting(work.schema, &holders);
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = holders;
        }
    }
}

/// Who holds the advisory lock `key`.
pub(super) async fn holders_of(work: Work<'_>, key: &str) -> Vec<LockHolder> {
    match work.database.pinned_driver().await {
        Ok(client) => ask(&client, &owners(key)).await,
        Err(_) => Vec::new(),
    }
}

/// The sessions that hold the advisory lock `key`: `pid`.
///
/// The process itself is not asked for: behind a pooler it is another one for
/// each transaction.
pub(super) fn owners(key: &str) -> String {
    format!(
        "SELECT DISTINCT l.pid FROM pg_catalog.pg_locks l \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
         AND l.database = (SELECT oid FROM pg_catalog.pg_database \
                           WHERE datname = pg_catalog.current_database()) \
         AND (l.classid::bigint << 32) | l.objid::bigint = {key}"
    )
}

/// The sessions that those wait for.
fn in_the_way(work: Work<'_>) -> String {
    format!(
        "SELECT DISTINCT pg_catalog.unnest(pg_catalog.pg_blocking_pids(o.pid)) AS pid FROM ({}) o",
        owners(&lock_key(work.schema))
    )
}

/// The sessions with the process ids of the query `pids`, as the server describes them. Empty if
/// it cannot be asked.
async fn ask(client: &Client, pids: &str) -> Vec<LockHolder> {
    describe(client, pids).await.unwrap_or_default()
}

/// The same.
///
/// # Errors
///
/// What the server says.
pub(super) async fn describe(client: &Client, pids: &str) -> Result<Vec<LockHolder>, PgError> {
    let sql = format!(
        "SELECT w.pid, a.application_name, a.usename, a.state, \
                pg_catalog.to_char(a.query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), \
                w.pid IN ({}) \
         FROM ({pids}) w LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid ORDER BY 1",
        owners(&run_key())
    );
    let answers = client.simple_query(&sql).await?;
    let rows = answers.iter().filter_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let holders = rows.filter_map(|row| {
        let text = |column| {
            row.get(column)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        Some(LockHolder {
            pid: row.get(0)?.parse().ok()?,
            application: text(1),
            role: text(2),
            state: text(3),
            query_start: text(4),
            is_run: row.get(5) == Some("t"),
        })
    });
    Ok(holders.collect())
}
