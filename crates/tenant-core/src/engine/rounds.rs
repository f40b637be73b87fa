//! Statements whose order nobody has worked out.
//!
//! A view stands on a function, a function on a table, a table on a type, and a
//! default on a function again. Instead of finding that out, a statement that lacks
//! something is tried again once others have run.

use super::Work;
use super::execute;
use crate::{Error, PgError};

/// What a statement fails with when something that it stands on is not there yet, or
/// something that stands on it is still there: undefined table, column, object,
/// function; no such key for a foreign key or a grouping; dependent objects still
/// exist; a parent table still has it otherwise.
///
/// Source: PostgreSQL manual, appendix "PostgreSQL Error Codes".
const TOO_EARLY: [&str; 8] = [
    "42P01", "42703", "42704", "42883", "42830", "42803", "2BP01", "42P16",
];

/// Runs `statements` in the transaction that is open, each in a savepoint; gives them
/// back in the order in which they went through.
///
/// # Errors
///
/// The first statement that cannot go through, whatever runs before it. The
/// transaction is then to be rolled back.
pub(super) async fn run_in_rounds(
    work: Work<'_>,
    statements: Vec<String>,
) -> Result<Vec<String>, Error> {
    let (mut waiting, mut done) = (statements, Vec::new());
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut postponed = Vec::new();
        let mut reason = None;
        for statement in waiting {
            match run_one(work, &statement).await {
                Ok(()) => done.push(statement),
                Err(error) if is_too_early(&error) => {
                    reason.get_or_insert(error);
                    postponed.push(statement);
                }
                Err(error) => return Err(error),
            }
        }
        waiting = postponed;
        if let Some(error) = reason.filter(|_| waiting.len() == before) {
            return Err(error);
        }
    }
    Ok(done)
}

fn is_too_early(error: &Error) -> bool {
    let sqlstate = error.sqlstate();
    sqlstate.is_some_and(|code| TOO_EARLY.contains(&code))
}

async fn run_one(work: Work<'_>, statement: &str) -> Result<(), Error> {
    let client = work.session.client();
    // A comment in the end of a function's text cannot hide the line after it.
    let script = format!("SAVEPOINT one;\n{statement}\n;\nRELEASE SAVEPOINT one");
    let Err(error) = client.batch_execute(&script).await else {
        return Ok(());
    };
    let action = format!("{}: `{}`", work.schema, shortened(statement));
    execute(work.session, &action, "ROLLBACK TO SAVEPOINT one").await?;
    Err(Error::database(action, PgError::from(error)))
}

/// How much of a statement an error shows, in characters.
const EXCERPT: usize = 200;

fn shortened(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        None => line,
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
    }
}
