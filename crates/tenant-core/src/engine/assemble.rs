//! Makes what a shape holds, in an order that works.
//!
//! A shape knows which kinds of things come before which. It does not know that a
//! view stands on another view, or a function takes a row of a table: what fails
//! because something is not there yet is tried again when others are.

use super::Work;
use super::holders::watched;
use super::script::Script;
use crate::Error;
use crate::shape::Statement;

/// What the server says of something that is not there: a table, a function, a type
/// or the like, a column.
///
/// Source: PostgreSQL manual, appendix "PostgreSQL Error Codes".
const NOT_THERE: [&str; 4] = ["42P01", "42883", "42704", "42703"];

/// A statement that could not be run yet, and why.
pub(super) struct Unmade {
    pub(super) statement: Statement,
    pub(super) why: Error,
}

/// Runs `statements` in the transaction that is open, again and again as long as that
/// helps. Gives back those that need something which is not there.
///
/// # Errors
///
/// The first that fails for another reason.
pub(super) async fn make(
    work: Work<'_>,
    mut statements: Vec<Statement>,
) -> Result<Vec<Unmade>, Error> {
    loop {
        let count = statements.len();
        let mut unmade = Vec::new();
        for statement in statements {
            match make_one(work, &statement).await {
                Ok(()) => {}
                Err(why) if is_not_there(&why) => unmade.push(Unmade { statement, why }),
                Err(error) => return Err(error),
            }
        }
        if unmade.is_empty() || unmade.len() == count {
            return Ok(unmade);
        }
        statements = unmade.into_iter().map(|it| it.statement).collect();
    }
}

fn is_not_there(error: &Error) -> bool {
    let code = error.sqlstate();
    code.is_some_and(|code| NOT_THERE.contains(&code))
}

async fn make_one(work: Work<'_>, statement: &Statement) -> Result<(), Error> {
    let mut script = Script::default();
    script.step("beginning", "SAVEPOINT making");
    script.step("making what the original has", &statement.sql);
    script.step("ending", "RELEASE SAVEPOINT making");
    let made = watched(work, &script).await;
    let made = made.map_err(|failure| failure.into_error(work));
    if made.is_err() {
        let back = "ROLLBACK TO SAVEPOINT making";
        super::execute(work.session, "undoing a statement", back).await?;
    }
    made.map(drop)
}
