//! Makes a tenant look as its migrations make it.

use super::any_order::run_in_any_order;
use super::attempt::Attempts;
use super::cluster::allow_triggers;
use super::ledger::is_exactly;
use super::rehearse::shape_of;
use super::script::Script;
use super::send::{execute, run_script};
use super::transaction::{NotOpened, close, finish, open};
use super::work::Work;
use crate::Error;
use crate::name::Target;
use crate::shape::{Difference, Mending, Shape, compare_with_migrations};

/// What came of repairing a tenant.
#[derive(Debug, Default)]
pub(crate) struct Repaired {
    /// What was put right.
    pub(crate) repaired: Vec<Difference>,
    /// The statements that did it, in the order in which they ran.
    pub(crate) statements: Vec<String>,
    /// What still differs, and is left to people.
    pub(crate) left: Vec<Difference>,
}

/// Whether what was done is to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// It is committed.
    Yes,
    /// It is rolled back: somebody only wants to know whether it would work.
    No,
}

/// Makes the schema of `work`, that of the tenant `target`, look like `expected`, as far as that
/// loses nothing, and sees whether it does. `None` when the tenant has no longer
/// exactly the versions `applied`; then nothing has happened.
///
/// # Errors
///
/// A statement that failed, or [`Error::StillDifferent`]. Then nothing has happened.
pub(crate) async fn repair(
    work: Work<'_>,
    target: &Target,
    expected: &Shape,
    applied: &[String],
    keep: Keep,
) -> Result<Option<Repaired>, Error> {
    let mut attempts = Attempts::new();
    loop {
        let versions = applied.iter().map(String::as_str);
        let query = format!("SELECT {}", is_exactly(work.schema, versions));
        let rows = match open(work, &query).await {
            Ok(rows) => rows,
            // It was dropped while the lock was waited for.
            Err(NotOpened::Query(failure)) if failure.sqlstate() == Some("42P01") => {
                return Ok(None);
            }
            Err(error) => return Err(error.into_error(work)),
        };
        let is_as_known = rows.first().and_then(|row| row.get(0)) == Some("t");
        if !is_as_known {
            close(work).await;
            return Ok(None);
        }
        let done = repair_in_transaction(work, target, expected).await;
        let done = match (done, keep) {
            (Ok(repaired), Keep::Yes) => {
                let committed = execute(work.session, "committing", "COMMIT").await;
                finish(work, committed).await.map(|()| repaired)
            }
            (done, _) => {
                close(work).await;
                done
            }
        };
        match done {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done.map(Some),
        }
    }
}

/// Repairs until nothing is left that can be repaired. Something repaired may uncover more: a
/// column that is made anew takes its indexes away, a partition has the defaults of
/// its parent first.
async fn repair_in_transaction(
    work: Work<'_>,
    target: &Target,
    expected: &Shape,
) -> Result<Repaired, Error> {
    let mut all = Repaired::default();
    loop {
        let found = shape_of(work).await?;
        let differences = compare_with_migrations(expected, &found);
        let is_repaired = |it: &Difference| it.mending() == Mending::Adds;
        let (repaired, left) = differences.into_iter().partition::<Vec<_>, _>(is_repaired);
        if repaired.is_empty() {
            return Ok(Repaired { left, ..all });
        }
        let still = repaired.iter().filter(|it| all.repaired.contains(it));
        let still = still.map(ToString::to_string).collect::<Vec<_>>();
        if !still.is_empty() {
            return Err(Error::StillDifferent {
                name: target.name.clone(),
                differences: still,
            });
        }
        let mut script = Script::default();
        prepare(work, &mut script);
        run_script(work, &script).await?;
        let statements = repaired
            .iter()
            .flat_map(|it| it.sql(&target.schema))
            .collect();
        all.statements
            .extend(run_in_any_order(work, statements).await?.require_all()?);
        all.repaired.extend(repaired);
    }
}

/// Lets a schema be filled, for the rest of the transaction: its path, which reading a
/// shape has emptied, and that functions may name what is not there yet.
pub(super) fn prepare<'a>(work: Work<'a>, script: &mut Script<'a>) {
    script.step("setting the search path", &work.path().set_local());
    script.step("checking that the search path exists", &work.path().check());
    let unchecked = "SET LOCAL check_function_bodies = off";
    script.step("letting functions speak of what will be there", unchecked);
    allow_triggers(work, script);
}
