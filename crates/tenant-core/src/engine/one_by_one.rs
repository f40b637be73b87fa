//! Runs groups of statements in an order that is unknown. Each group runs as a whole or not at
//! all.
//!
//! A group that fails rolls back only itself. It may have run too early, so it is retried as long
//! as other groups succeed. It is not retried if rows conflict with it, or if it takes longer
//! than a statement may.

use std::time::{Duration, Instant};

use super::attempt::is_worth_another;
use super::script::Script;
use super::send::{execute, watched};
use super::work::Work;
use crate::Error;
use crate::error::excerpt;

/// Classes of codes after which a statement would fail again: data that do not fit, and
/// rows that violate a constraint.
///
/// Source: PostgreSQL manual, appendix "PostgreSQL Error Codes".
const OF_ROWS: [&str; 2] = ["22", "23"];

/// Classes of codes that say nothing of the statement: the connection, the server's
/// resources, its operator, the system.
const OF_THE_SERVER: [&str; 4] = ["08", "53", "57", "58"];

/// What a statement ends with at its time-out, and when another session cancels it.
const CANCELED: &str = "57014";

/// What is tried by itself.
pub(super) struct Group<T> {
    /// What it is for.
    pub(super) of: T,
    pub(super) statements: Vec<String>,
}

/// What came of groups.
pub(super) struct Ran<T> {
    /// Those that went through, in the order in which they did.
    pub(super) done: Vec<Group<T>>,
    /// Those that did not, each with why.
    pub(super) failed: Vec<(Group<T>, Error)>,
}

/// Runs `groups` in the transaction that is open, each in a savepoint.
///
/// # Errors
///
/// Errors that no group causes: a lock that could not be acquired, the connection, the server.
/// The caller must then roll back the transaction.
pub(super) async fn run_one_by_one<T>(
    work: Work<'_>,
    groups: Vec<Group<T>>,
) -> Result<Ran<T>, Error> {
    let mut ran = Ran {
        done: Vec::new(),
        failed: Vec::new(),
    };
    let mut next = groups;
    while !next.is_empty() {
        let count = next.len();
        let mut waiting = Vec::new();
        for group in next {
            match run_group(work, &group.statements).await? {
                Ok(()) => ran.done.push(group),
                Err(why) if is_hopeless(&why) => ran.failed.push((group, why)),
                Err(why) => waiting.push((group, why)),
            }
        }
        if waiting.len() == count {
            ran.failed.extend(waiting);
            break;
        }
        next = waiting.into_iter().map(|(group, _)| group).collect();
    }
    Ok(ran)
}

/// Whether the group that failed with `error` would fail again: rows conflict with it, or it
/// takes longer than a statement may.
pub(super) fn is_hopeless(error: &Error) -> bool {
    is_of(error, &OF_ROWS) || is_of(error, &[CANCELED])
}

/// Whether it says nothing of the statement that ran for `time`: a time-out of ours does,
/// and a cancellation by others does not.
fn is_of_the_server(work: Work<'_>, error: &Error, time: Duration) -> bool {
    if is_of(error, &[CANCELED]) {
        return !is_out_of_time(work, time);
    }
    error.sqlstate().is_none() || is_worth_another(error) || is_of(error, &OF_THE_SERVER)
}

/// Whether a statement that ran for `time` has used up what our time-out gives it. The
/// server's clock may be a little faster than ours.
fn is_out_of_time(work: Work<'_>, time: Duration) -> bool {
    let timeout = work.settings.statement_timeout;
    !timeout.is_zero() && time >= timeout.mul_f64(0.99)
}

fn is_of(error: &Error, classes: &[&str]) -> bool {
    let code = error.sqlstate();
    code.is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
}

/// Runs the statements of a group, or none of them. Inside is why it failed, where that is
/// the group's fault.
async fn run_group(work: Work<'_>, statements: &[String]) -> Result<Result<(), Error>, Error> {
    execute(work.session, "set a savepoint", "SAVEPOINT one").await?;
    for statement in statements {
        let mut script = Script::default();
        script.step("run a statement", statement);
        let begun = Instant::now();
        let Err(failure) = watched(work, &script).await else {
            continue;
        };
        let time = begun.elapsed();
        let action = format!("run `{}`", excerpt(statement));
        let error = failure.into_error_of(work, &action);
        if is_of_the_server(work, &error, time) {
            return Err(error);
        }
        take_back(work).await?;
        return Ok(Err(error));
    }
    let ended = execute(work.session, "release a savepoint", "RELEASE SAVEPOINT one").await;
    ended.map(Ok)
}

async fn take_back(work: Work<'_>) -> Result<(), Error> {
    let back = "ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one";
    execute(work.session, "deallocate a statement", back).await
}
