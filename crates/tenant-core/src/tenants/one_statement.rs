//! Refuses a configured text that is more than a part of one statement.

use tokio_postgres::error::SqlState;

use crate::Error;
use crate::link::Session;

/// Sends `probe`, which contains the application's query or condition, in the way in which the
/// server takes one statement only. In another message such a text could end the transaction that
/// it stands in, and write. What else is wrong with it is said by what uses it.
///
/// # Errors
///
/// A syntax error, or a lost connection.
pub(super) async fn require_one_statement(session: &Session, probe: &str) -> Result<(), Error> {
    let Err(error) = session.client().query_typed(probe, &[]).await else {
        return Ok(());
    };
    let is_understood = error.code().is_some_and(|code| {
        // Such as a table that the application's own migrations create.
        *code != SqlState::SYNTAX_ERROR && code.code().starts_with("42")
    });
    match is_understood {
        true => Ok(()),
        false => Err(Error::database("read the list of tenants", error)),
    }
}
