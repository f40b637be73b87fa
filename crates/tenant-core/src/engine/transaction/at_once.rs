//! Sends a whole transaction as one message.

use tokio_postgres::SimpleQueryRow;

use super::closing::close;
use super::value::Transaction;
use crate::engine::attempt::is_lost_lock;
use crate::engine::send::watched;
use crate::{Error, events};

/// Sends all of `transaction` in one message. False if a step of this library in it failed: then
/// nothing has happened, and going step by step finds the reason.
///
/// # Errors
///
/// A migration that failed.
pub(in crate::engine) async fn run_at_once(
    transaction: &Transaction<'_, '_>,
) -> Result<bool, Error> {
    let session = transaction.work.session;
    let sent = send_at_once(transaction).await?;
    if sent.is_some() {
        session.keep_said();
        session.finish();
    }
    Ok(sent.is_some())
}

/// The same; gives back the rows, and the session is still at work.
pub(in crate::engine) async fn send_at_once(
    transaction: &Transaction<'_, '_>,
) -> Result<Option<Vec<SimpleQueryRow>>, Error> {
    let work = transaction.work;
    let elsewhere = transaction.confinement().await?;
    let script = transaction
        .confined_by(elsewhere.as_deref())
        .as_one_message();
    work.session.begin();
    match watched(work, &script).await {
        Ok(rows) => Ok(Some(rows)),
        Err(failure) => {
            close(work).await;
            if failure.is_of_a_migration() || work.session.client().is_closed() {
                Err(failure.into_error(work))
            } else {
                if is_lost_lock(failure.postgres()) {
                    events::trying_again(work.schema, failure.sqlstate());
                }
                work.session.hear_anew();
                Ok(None)
            }
        }
    }
}
