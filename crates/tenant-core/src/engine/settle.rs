//! What became of a transaction whose connection was lost while it committed.
//!
//! The server commits, and then says so. A connection that is ended in between looks like one
//! that was ended before. The number of the transaction tells the two apart: the server knows
//! what became of it.

use std::time::{Duration, Instant};

use tokio_postgres::error::Severity;
use tokio_postgres::{Error as DriverError, SimpleQueryMessage};

use super::script::{Committed, Failure};
use super::work::Work;
use crate::link::Database;

/// How long to ask a server that cannot be reached, or has not ended the transaction yet.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause before it is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// How it ended.
pub(super) enum Settled<'a> {
    /// Well, although nobody said so.
    Committed,
    Failed(Failure<'a>),
}

/// Finds out whether the script that met `failure` has committed.
pub(super) async fn settle<'a>(work: Work<'_>, failure: Failure<'a>) -> Settled<'a> {
    let number = match failure.has_committed() {
        Committed::No | Committed::Unknown => return Settled::Failed(failure),
        Committed::Yes => {
            work.session.spoil();
            return Settled::Committed;
        }
        Committed::Ask(number) => number.clone(),
    };
    let status = match number {
        Some(number) => status(work.database, &number).await,
        None => None,
    };
    match status.as_deref() {
        Some("committed") => Settled::Committed,
        Some("aborted") => Settled::Failed(failure.committed(Committed::No)),
        _ => Settled::Failed(failure.committed(Committed::Unknown)),
    }
}

/// Whether no answer comes after `error`.
///
/// Source: PostgreSQL manual, "Message Severity Levels".
pub(super) fn ends_connection(error: &DriverError) -> bool {
    match error.as_db_error() {
        Some(error) => matches!(
            error.parsed_severity(),
            Some(Severity::Fatal | Severity::Panic)
        ),
        None => true,
    }
}

/// What became of the transaction with that number; `None` when it cannot be found out.
async fn status(database: &Database, number: &str) -> Option<String> {
    let begun = Instant::now();
    loop {
        let status = ask(database, number).await;
        let is_final = status.as_deref().is_some_and(|it| it != "in progress");
        if is_final || begun.elapsed() > PATIENCE {
            return status;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn ask(database: &Database, number: &str) -> Option<String> {
    // It is the server's own, and a number.
    let number = number.parse::<u64>().ok()?;
    let client = database.driver().await.ok()?;
    let query = format!("SELECT pg_catalog.txid_status({number}::pg_catalog.int8)");
    let answers = client.simple_query(&query).await.ok()?;
    answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}
