//! Repairs a tenant: changes its schema to the expected definition.

use super::attempt::Attempts;
use super::cluster::allow_triggers;
use super::ledger::is_exactly;
use super::one_by_one::{Group, Ran, is_hopeless, run_one_by_one};
use super::rehearse::shape_of;
use super::script::Script;
use super::send::{commit, run_script};
use super::transaction::{NotOpened, close, finish, open};
use super::work::Work;
use crate::Error;
use crate::name::Target;
use crate::shape::{Difference, Mending, Shape, compare_with_migrations};

/// The result of repairing a tenant.
#[derive(Debug, Default)]
pub(crate) struct Repaired {
    /// The differences that were repaired.
    pub(crate) repaired: Vec<Difference>,
    /// The statements that did it, in the order in which they ran.
    pub(crate) statements: Vec<String>,
    /// The differences that remain, for people to fix.
    pub(crate) left: Vec<Left>,
}

/// What still differs.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) difference: Difference,
    /// Why it could not be repaired, where that was tried.
    pub(crate) why: Option<Error>,
}

/// How often what is repaired may uncover more.
const ROUNDS: usize = 30;

/// How often the same difference is repaired: something repaired after it can bring it
/// back.
const REPAIRS: usize = 2;

/// Whether what was done is to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// It is committed.
    Yes,
    /// It is rolled back: the caller only wants to know whether it would work.
    No,
}

/// Changes the schema of `work`, which belongs to the tenant `target`, to `expected` as far as
/// that loses nothing, and checks the result. A difference that cannot be repaired does not stop
/// the repair of others. `None` if the tenant no longer has exactly the versions `applied`; then
/// nothing has happened.
///
/// # Errors
///
/// Errors that no difference causes: a lock, the connection, the server. Then nothing has
/// happened.
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
                let committed = commit(work).await;
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

/// Repairs until no repairable difference is left. One repair may uncover more: a column that is
/// created again loses its indexes, and a partition first has the defaults of its parent.
async fn repair_in_transaction(
    work: Work<'_>,
    target: &Target,
    expected: &Shape,
) -> Result<Repaired, Error> {
    let mut all = Repaired::default();
    let mut tried = Tried::default();
    for _ in 0..ROUNDS {
        let found = shape_of(work).await?;
        let differences = compare_with_migrations(expected, &found);
        let now = differences.iter().filter(|it| tried.is_worth(it)).cloned();
        let now = now.collect::<Vec<_>>();
        let is_changed = !now.is_empty() && repair_some(work, target, now, &mut tried).await?;
        if !is_changed {
            all.left = tried.left(target, &found, differences);
            break;
        }
    }
    (all.repaired, all.statements) = (tried.repaired, tried.statements);
    Ok(all)
}

/// What was tried so far.
#[derive(Default)]
struct Tried {
    /// What was repaired, each once, in the order in which it was.
    repaired: Vec<Difference>,
    /// All that was repaired, as often as it was.
    times: Vec<Difference>,
    statements: Vec<String>,
    failed: Vec<(Difference, Error)>,
}

impl Tried {
    /// Whether it can be repaired, as far as is known.
    fn is_worth(&self, difference: &Difference) -> bool {
        let mut failed = self.failed.iter();
        let would_fail = failed.any(|(it, why)| it == difference && is_hopeless(why));
        difference.mending() == Mending::Adds && !would_fail && self.times(difference) < REPAIRS
    }

    fn times(&self, difference: &Difference) -> usize {
        self.times.iter().filter(|it| *it == difference).count()
    }

    fn add(&mut self, ran: Ran<Difference>) {
        for group in ran.done {
            self.statements.extend(group.statements);
            self.failed.retain(|(it, _)| *it != group.of);
            if !self.repaired.contains(&group.of) {
                self.repaired.push(group.of.clone());
            }
            self.times.push(group.of);
        }
        for (group, why) in ran.failed {
            self.failed.retain(|(it, _)| *it != group.of);
            self.failed.push((group.of, why));
        }
    }

    /// The rest of `differences`, each with the reason why it could not be repaired. A partition
    /// that could not be created is no difference any more once its parent exists.
    fn left(&mut self, target: &Target, found: &Shape, differences: Vec<Difference>) -> Vec<Left> {
        let mut left = Vec::new();
        for difference in differences {
            let at = self.failed.iter().position(|(it, _)| *it == difference);
            let why = match at {
                Some(at) => Some(self.failed.remove(at).1),
                None => (self.times(&difference) > 0).then(|| Error::StillDifferent {
                    name: target.name.clone(),
                    differences: vec![difference.to_string()],
                }),
            };
            left.push(Left { difference, why });
        }
        let failed = std::mem::take(&mut self.failed).into_iter();
        let missing = failed.filter(|(it, _)| it.is_missing_table() && !found.has(&it.object));
        left.extend(missing.map(|(difference, why)| Left {
            difference,
            why: Some(why),
        }));
        left
    }
}

/// Tries to repair each of `differences`; of what fails as a whole, the part that what
/// hangs on it does not hold up. Gives back whether anything was repaired.
async fn repair_some(
    work: Work<'_>,
    target: &Target,
    differences: Vec<Difference>,
    tried: &mut Tried,
) -> Result<bool, Error> {
    let mut script = Script::default();
    prepare(work, &mut script);
    run_script(work, &script).await?;
    let before = tried.times.len();
    let groups = differences.into_iter().map(|of| Group {
        statements: of.sql(&target.schema),
        of,
    });
    let ran = run_one_by_one(work, groups.collect()).await?;
    let parts = ran.failed.iter().filter_map(|(group, _)| {
        let statements = group.of.sql_of_the_core(&target.schema);
        (!statements.is_empty()).then(|| Group {
            statements,
            of: group.of.clone(),
        })
    });
    let parts = parts.collect::<Vec<_>>();
    tried.add(ran);
    let ran = run_one_by_one(work, parts).await?;
    tried.add(Ran {
        done: ran.done,
        // Why the whole of it failed says more.
        failed: Vec::new(),
    });
    Ok(tried.times.len() > before)
}

/// Lets a schema be filled, for the rest of the transaction: its path, which reading a
/// shape has emptied, and that functions may name what is not there yet.
pub(super) fn prepare<'a>(work: Work<'a>, script: &mut Script<'a>) {
    script.step("set the search path", &work.path().set_local());
    script.step("check that the search path exists", &work.path().check());
    let unchecked = "SET LOCAL check_function_bodies = off";
    script.step("turn off the check of function bodies", unchecked);
    allow_triggers(work, script);
}
