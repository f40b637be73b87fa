//! Sends scripts: as one message, or each statement by itself.

use std::mem::take;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use futures_util::future::{Either, select};
use tokio_postgres::error::DbError;
use tokio_postgres::{Error as DriverError, SimpleQueryMessage, SimpleQueryRow};

use super::lock_holders::watch;
use super::script::{Committed, Failure, Script, failure_of, message_of};
use super::settle::{Settled, ends_connection, settle};
use super::work::Work;
use crate::link::{Heard, Session};
use crate::{Error, PgError, ServerMessage};

/// Sends everything as one message, and returns the rows, in order. On a cluster each statement
/// is a separate message: Citus forwards the text of the message to the nodes concerned, which
/// refuse several statements.
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
    let mut answers = Answers::of(script);
    for (statement, origin) in script.statements() {
        let said = |_, notice: &DbError| message_of(origin, notice);
        let done = read(session, statement, &mut answers, said).await;
        done.map_err(|error| {
            let committed = answers.committed(script, &error);
            failure_of(origin, statement, error).committed(committed)
        })?;
    }
    Ok(answers.rows)
}

async fn send_together<'a>(
    session: &Session,
    script: &Script<'a>,
) -> Result<Vec<SimpleQueryRow>, Failure<'a>> {
    let mut answers = Answers::of(script);
    let mut long_names = script.long_names();
    let said = |completed, notice: &DbError| script.message(completed, notice, &mut long_names);
    let done = read(session, script.text(), &mut answers, said).await;
    done.map_err(|error| {
        let committed = answers.committed(script, &error);
        let failure = script.failure(answers.completed, error);
        failure.committed(committed)
    })?;
    Ok(answers.rows)
}

/// The answers to a script.
struct Answers {
    /// Without the row that has the number of the transaction.
    rows: Vec<SimpleQueryRow>,
    is_sent: bool,
    /// How many statements were completed.
    completed: usize,
    /// Which statement asks for the number of the transaction.
    asks: Option<usize>,
    number: Option<String>,
}

impl Answers {
    fn of(script: &Script<'_>) -> Self {
        Self {
            rows: Vec::new(),
            is_sent: false,
            completed: 0,
            asks: script.commits_at().and_then(|at| at.checked_sub(1)),
            number: None,
        }
    }

    fn add(&mut self, row: SimpleQueryRow) {
        if self.asks == Some(self.completed) {
            self.number = row.get(0).map(str::to_owned);
        } else {
            self.rows.push(row);
        }
    }

    /// Whether `script`, which met `error`, has committed.
    fn committed(&self, script: &Script<'_>, error: &DriverError) -> Committed {
        match script.commits_at() {
            Some(at) if self.completed > at => Committed::Yes,
            Some(at) if self.completed == at && ends_connection(error) => self.lost(),
            // The server's last answers did not arrive.
            Some(_) if self.is_sent && error.as_db_error().is_none() => self.lost(),
            _ => Committed::No,
        }
    }

    fn lost(&self) -> Committed {
        let number = self.number.clone();
        number.map_or(Committed::Unknown, Committed::Ask)
    }
}

/// Sends `sql` and reads the answer: rows, and the server's notices that `message` converts.
/// `message` gets the number of statements that were completed before the notice.
///
/// # Errors
///
/// A server error.
async fn read(
    session: &Session,
    sql: &str,
    answers: &mut Answers,
    mut message: impl FnMut(usize, &DbError) -> Option<ServerMessage>,
) -> Result<(), DriverError> {
    let reading = session.reading();
    let sent = session.client().simple_query_raw(sql).await;
    let mut coming = pin!(sent?);
    answers.is_sent = true;
    let done = loop {
        match reading.next(coming.as_mut()).await {
            None => break Ok(()),
            Some(Heard::Notice(notice)) => {
                if let Some(message) = message(answers.completed, &notice) {
                    session.keep(message);
                }
            }
            Some(Heard::Answer(Err(error))) => break Err(error),
            Some(Heard::Answer(Ok(SimpleQueryMessage::CommandComplete(_)))) => {
                answers.completed += 1;
            }
            Some(Heard::Answer(Ok(SimpleQueryMessage::Row(row)))) => answers.add(row),
            Some(Heard::Answer(Ok(_))) => {}
        }
    };
    session.leave_out(reading.left_out());
    done
}

/// Runs `script`. When it fails because a lock was not to be had in time, the
/// error says who held it. A script that committed has not failed, even if the connection was
/// lost before the server could report it.
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
            let failure = match settle(work, failure).await {
                Settled::Committed => return Ok(Vec::new()),
                Settled::Failed(failure) => failure,
            };
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

/// Commits the transaction that is open.
pub(super) async fn commit(work: Work<'_>) -> Result<(), Error> {
    let mut script = Script::default();
    script.commit();
    run_script(work, &script).await
}

/// Runs one statement, or several in one message, and nothing comes back.
pub(super) async fn execute(session: &Session, action: &str, sql: &str) -> Result<(), Error> {
    let done = session.client().batch_execute(sql).await;
    done.map_err(|error| Error::database(action, PgError::from(error)))
}
