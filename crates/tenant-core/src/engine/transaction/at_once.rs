//! Sends a whole transaction as one message.

use super::closing::close;
use super::value::Transaction;
use crate::engine::attempt::is_lost_lock;
use crate::engine::send::watched;
use crate::{Error, events};

/// Sends all of `transaction` in one message. False when one of our own steps in it
/// failed: then nothing has happened, and going step by step will tell why.
///
/// # Errors
///
/// A migration that failed.
pub(in crate::engine) async fn run_at_once(
    transaction: &Transaction<'_, '_>,
) -> Result<bool, Error> {
    let work = transaction.work;
    let elsewhere = transaction.confinement().await?;
    let script = transaction
        .confined_by(elsewhere.as_deref())
        .as_one_message();
    work.session.begin();
    match watched(work, &script).await {
        Ok(_) => {
            work.session.keep_said();
            work.session.finish();
            Ok(true)
        }
        Err(failure) => {
            close(work).await;
            if failure.is_of_a_migration() || work.session.client().is_closed() {
                Err(failure.into_error(work))
            } else {
                if is_lost_lock(failure.postgres()) {
                    events::trying_again(work.schema, failure.sqlstate());
                }
                work.session.hear_anew();
                Ok(false)
            }
        }
    }
}
