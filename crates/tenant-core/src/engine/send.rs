//! Sends scripts: as one message, or each statement by itself.

use std::mem::take;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use futures_util::future::{Either, select};
use tokio_postgres::error::DbError;
use tokio_postgres::{Error as DriverError, SimpleQueryMessage, SimpleQueryRow};

use super::lock_holders::watch;
use super::script::{Failure, Script, failure_of, message_of};
use super::work::Work;
use crate::link::{Heard, Session};
use crate::{Error, PgError, ServerMessage};

/// Sends everything as one message; gives back the rows, in order. On a cluster
/// each statement is a message of its own: Citus hands the text of the message to
/// the servers that it is about, and there several statements are refused.
///
/// # Errors
///
/// The first statement that the server refused. Those before it have run,
/// those after it have not.
pub(super) async fn send<'a>(
    work: Work<'_>,
    script: &Script<'a>,
) -> Result<Vec<SimpleQueryRow>, Failure<'a>> {
    if work.database.is_cluster() {
        send_apart(work.session, script).await
    } else {
        send_together(work.session, script).await
    }
}

async fn send_apart<'a>(
    session: &Session,
    script: &Script<'a>,
) -> Result<Vec<SimpleQueryRow>, Failure<'a>> {
    let mut rows = Vec::new();
    for (statement, origin) in script.statements() {
        let failed = |error| failure_of(origin, statement, error);
        let said = |_, notice: &DbError| message_of(origin, notice);
        let answers = read(session, statement, &mut rows, said).await;
        answers.map_err(|(_, error)| failed(error))?;
    }
    Ok(rows)
}

async fn send_together<'a>(
    session: &Session,
    script: &Script<'a>,
) -> Result<Vec<SimpleQueryRow>, Failure<'a>> {
    let mut rows = Vec::new();
    let mut long_names = script.long_names();
    let said = |completed, notice: &DbError| script.message(completed, notice, &mut long_names);
    let answers = read(session, script.text(), &mut rows, said).await;
    answers.map_err(|(completed, error)| script.failure(completed, error))?;
    Ok(rows)
}

/// Sends `sql` and takes what comes back: rows, and what is said meanwhile as far as
/// `message` makes something of it, which gets the number of statements before.
///
/// # Errors
///
/// What the server says, and how many statements were completed before.
async fn read(
    session: &Session,
    sql: &str,
    rows: &mut Vec<SimpleQueryRow>,
    mut message: impl FnMut(usize, &DbError) -> Option<ServerMessage>,
) -> Result<(), (usize, DriverError)> {
    let reading = session.reading();
    let sent = session.client().simple_query_raw(sql).await;
    let mut answers = pin!(sent.map_err(|error| (0, error))?);
    let mut completed = 0;
    let done = loop {
        match reading.next(answers.as_mut()).await {
            None => break Ok(()),
            Some(Heard::Notice(notice)) => {
                if let Some(message) = message(completed, &notice) {
                    session.keep(message);
                }
            }
            Some(Heard::Answer(Err(error))) => break Err((completed, error)),
            Some(Heard::Answer(Ok(SimpleQueryMessage::CommandComplete(_)))) => completed += 1,
            Some(Heard::Answer(Ok(SimpleQueryMessage::Row(row)))) => rows.push(row),
            Some(Heard::Answer(Ok(_))) => {}
        }
    };
    session.leave_out(reading.left_out());
    done
}

/// Runs `script`. When it fails because a lock was not to be had in time, the
/// error says who held it.
pub(super) async fn watched<'a>(
    work: Work<'a>,
    script: &Script<'a>,
) -> Result<Vec<SimpleQueryRow>, Failure<'a>> {
    let seen = Mutex::new(Vec::new());
    let run = pin!(send(work, script));
    let watch = pin!(watch(work, &seen));
    let done = match select(run, watch).await {
        Either::Left((done, _)) => done,
        Either::Right((never, _)) => match never {},
    };
    match done {
        Ok(rows) => Ok(rows),
        Err(failure) => {
            let holders = take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
            let is_bounded = !work.settings.statement_timeout.is_zero();
            let failure = failure.held_by(holders).bounded(is_bounded);
            Err(failure.traced(work).await)
        }
    }
}

/// Sends a script; gives back the rows, in order.
pub(super) async fn ask<'a>(
    work: Work<'a>,
    script: &Script<'a>,
) -> Result<Vec<SimpleQueryRow>, Error> {
    let rows = watched(work, script).await;
    rows.map_err(|failure: Failure<'_>| failure.into_error(work))
}

/// Sends a script from whose rows nothing is wanted.
pub(super) async fn run_script<'a>(work: Work<'a>, script: &Script<'a>) -> Result<(), Error> {
    ask(work, script).await.map(drop)
}

/// Runs one statement, or several in one message, and nothing comes back.
pub(super) async fn execute(session: &Session, action: &str, sql: &str) -> Result<(), Error> {
    let done = session.client().batch_execute(sql).await;
    done.map_err(|error| Error::database(action, PgError::from(error)))
}
