//! How a transaction ended whose connection was lost during the commit.
//!
//! The server commits, and then reports it. To the client, a connection that ends in between
//! looks like one that ended before the commit. The transaction's number tells the two apart:
//! the server keeps the status of each transaction.

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
    /// It is committed, although the server could not report it.
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
    match status(work.database, &number).await.as_deref() {
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

/// The status of the transaction with that number; `None` when the server cannot be asked.
pub(super) async fn status(database: &Database, number: &str) -> Option<String> {
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
    // The server sent it, and it is a number.
    let number = number.parse::<u64>().ok()?;
    let client = database.driver().await.ok()?;
    let query = format!("SELECT pg_catalog.txid_status({number}::pg_catalog.int8)");
    let answers = client.simple_query(&query).await.ok()?;
    answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}
