//! Sends scripts: as one message, or each statement by itself.

use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::lock_holders::watch;
use super::script::{Failure, Script, failure_of};
use super::work::Work;
use crate::link::Session;
use crate::{Error, PgError};

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
        let answers = session.client().simple_query(statement).await;
        let answers = answers.map_err(|error| failure_of(origin, statement, error))?;
        rows.extend(answers.into_iter().filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        }));
    }
    Ok(rows)
}

async fn send_together<'a>(
    session: &Session,
    script: &Script<'a>,
) -> Result<Vec<SimpleQueryRow>, Failure<'a>> {
    let sent = session.client().simple_query_raw(script.text()).await;
    let mut answers = pin!(sent.map_err(|error| script.failure(0, error))?);
    let mut completed = 0;
    let mut rows = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer.map_err(|error| script.failure(completed, error))? {
            SimpleQueryMessage::CommandComplete(_) => completed += 1,
            SimpleQueryMessage::Row(row) => rows.push(row),
            _ => {}
        }
    }
    Ok(rows)
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
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let is_bounded = !work.settings.statement_timeout.is_zero();
    done.map_err(|failure| {
        let failure = failure.held_by(std::mem::take(&mut *seen));
        failure.bounded(is_bounded)
    })
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
