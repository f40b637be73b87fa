//! Runs statements whose order is unknown.
//!
//! A view depends on a function, a function on a table, a table on a type, and a default on a
//! function again. Instead of computing an order, the code retries a failed statement once other
//! statements have run.

use super::script::Script;
use super::send::{execute, watched};
use super::work::Work;
use crate::Error;
use crate::error::excerpt;

/// The errors of a statement that runs before an object that it needs exists, or while an object
/// that depends on it still exists: undefined table, column, object, function; no such key for a
/// foreign key or a grouping; dependent objects still exist; a parent table still has it
/// otherwise.
///
/// Source: PostgreSQL manual, appendix "PostgreSQL Error Codes".
const TOO_EARLY: [&str; 8] = [
    "42P01", "42703", "42704", "42883", "42830", "42803", "2BP01", "42P16",
];

/// What came of some statements.
pub(super) struct Ran<S> {
    /// Those that went through, in the order in which they did.
    pub(super) done: Vec<S>,
    /// Those that it is still too early for, each with why.
    pub(super) waiting: Vec<(S, Error)>,
}

impl<S> Ran<S> {
    /// The statements that ran, which have to be all.
    ///
    /// # Errors
    ///
    /// Why the first of those that wait could not run.
    pub(super) fn require_all(self) -> Result<Vec<S>, Error> {
        match self.waiting.into_iter().next() {
            Some((_, why)) => Err(why),
            None => Ok(self.done),
        }
    }
}

/// Runs `statements` in the transaction that is open, each in a savepoint, and those
/// that it is too early for again, as long as that helps.
///
/// # Errors
///
/// The first statement that fails for another reason. The transaction is then to be
/// rolled back.
pub(super) async fn run_in_any_order<S: AsRef<str>>(
    work: Work<'_>,
    mut statements: Vec<S>,
) -> Result<Ran<S>, Error> {
    let mut done = Vec::new();
    loop {
        let count = statements.len();
        let mut waiting = Vec::new();
        for statement in statements {
            match run_one(work, statement.as_ref()).await? {
                None => done.push(statement),
                Some(why) if is_too_early(&why) => waiting.push((statement, why)),
                Some(error) => return Err(error),
            }
        }
        if waiting.is_empty() || waiting.len() == count {
            return Ok(Ran { done, waiting });
        }
        statements = waiting
            .into_iter()
            .map(|(statement, _)| statement)
            .collect();
    }
}

fn is_too_early(error: &Error) -> bool {
    let sqlstate = error.sqlstate();
    sqlstate.is_some_and(|code| TOO_EARLY.contains(&code))
}

/// Why the statement could not run, if it could not: then it is as if it had not been
/// tried.
///
/// # Errors
///
/// The same where the savepoint is lost with it: the server has not even begun with what
/// it cannot read.
async fn run_one(work: Work<'_>, statement: &str) -> Result<Option<Error>, Error> {
    let mut script = Script::default();
    script.step("set a savepoint", "SAVEPOINT one");
    script.step("run a statement", statement);
    script.step("release a savepoint", "RELEASE SAVEPOINT one");
    let Err(failure) = watched(work, &script).await else {
        return Ok(None);
    };
    let action = format!("run `{}`", excerpt(statement));
    let back = execute(work.session, &action, "ROLLBACK TO SAVEPOINT one").await;
    let why = failure.into_error_of(work, &action);
    match back {
        Ok(()) => Ok(Some(why)),
        Err(_) => Err(why),
    }
}
