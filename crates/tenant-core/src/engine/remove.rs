//! Removes a tenant: schema and registration in one transaction, or where the
//! schema holds more than the server can lock at a time, in several.

use super::attempt::Attempts;
use super::cluster::refers_to_shared;
use super::dependents::{Dependents, refuse_dependents};
use super::drop_steps::{DropStep, Portion, next_drop_step};
use super::hooks::{commit_own_work, forget_own_work, has_hooks, run_hooks};
use super::kept::{Kept, require_gone};
use super::left::{Shown, require_shown};
use super::name_state::{open_and_look, open_and_look_with_lock};
use super::script::Script;
use super::send::run_script;
use super::transaction::{close, confirm_gone, finish};
use super::work::Work;
use crate::Error;
use crate::hook::Occasion;
use crate::name::Schema;
use crate::registry::RowBefore;
use crate::report::Removed;

/// Removes the tenant or spare of `work`.
///
/// # Errors
///
/// [`Error::Unknown`], [`Error::UnknownSpare`] or [`Error::Untracked`] when it is in no
/// list: only a tenant's schema is ever dropped. [`Error::HasDependents`] when objects
/// outside the schema depend on it and are to stay.
pub(crate) async fn remove(work: Work<'_>, dependents: Dependents) -> Result<Removed, Error> {
    remove_as(work, dependents, Ask::List).await
}

/// Removes a tenant that was committed and could not be completed: the application may list it
/// already.
///
/// # Errors
///
/// As [`remove`].
pub(super) async fn remove_unfinished(work: Work<'_>, before: RowBefore) -> Result<Removed, Error> {
    remove_as(work, Dependents::Refuse, Ask::Nobody(before)).await
}

/// The source that confirms in the end that the tenant is gone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// The list of tenants, if it is the application's.
    List,
    /// None, and the row is as it was before.
    Nobody(RowBefore),
}

async fn remove_as(work: Work<'_>, dependents: Dependents, ask: Ask) -> Result<Removed, Error> {
    let is_shared = refers_to_shared(work).await?;
    // Those of this program take turns, so that none waits longer than its turn.
    let _turn = if is_shared {
        Some(work.database.turn_to_drop().await)
    } else {
        None
    };
    let mut attempts = Attempts::new();
    loop {
        match drop_in_steps(work, is_shared, (dependents, ask)).await {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

/// Removes as much of it as is possible in one go, until nothing is left.
async fn drop_in_steps(
    work: Work<'_>,
    is_shared: bool,
    (dependents, ask): (Dependents, Ask),
) -> Result<Removed, Error> {
    // Once a part of the schema is gone, the history may be as well.
    let mut is_left = false;
    loop {
        // Dropping a key to a reference table locks all its copies. Two runs that do so at
        // once can deadlock. A run that changes the reference table holds the lock of the
        // public schema, too.
        let existing = if is_shared {
            open_and_look_with_lock(work, Schema::Public).await?
        } else {
            open_and_look(work).await?
        };
        let fit = async {
            let shown = match is_left {
                true => Shown::ByHistory,
                false => require_shown(work, existing).await?,
            };
            Ok((shown, prepare_step(work, dependents).await?))
        };
        let (shown, portion) = match fit.await {
            Ok(fit) => fit,
            Err(error) => {
                close(work).await;
                return Err(error);
            }
        };
        is_left = shown == Shown::ByHistory;
        let removal = Removal {
            portion: &portion,
            has_schema: existing.schema,
            shown,
            ask,
        };
        let removed = removal.run(work).await;
        finish(work, removed).await?;
        match portion {
            Portion::Statements(_) => {}
            Portion::Everything if existing.schema => return Ok(Removed::Tenant),
            Portion::Everything => return Ok(Removed::RegistrationOnly),
        }
    }
}

/// Sees what is dropped next, and that others lose nothing by it unless they are to. The
/// tables are locked before, so that no view on one is made in between; PostgreSQL takes
/// that lock anyway when it drops them.
async fn prepare_step(work: Work<'_>, dependents: Dependents) -> Result<Portion, Error> {
    let DropStep { tables, portion } = next_drop_step(work).await?;
    if dependents == Dependents::Drop {
        return Ok(portion);
    }
    if !tables.is_empty() && !work.database.is_cluster() {
        // Without the word those that inherit from one would be locked as well.
        let lock = format!("LOCK TABLE ONLY {}", tables.join(", ONLY "));
        let mut script = Script::default();
        script.step("wait for the sessions that use its tables", &lock);
        run_script(work, &script).await?;
    }
    refuse_dependents(work).await?;
    Ok(portion)
}

/// What is done in one go.
struct Removal<'a> {
    portion: &'a Portion,
    has_schema: bool,
    shown: Shown,
    ask: Ask,
}

impl Removal<'_> {
    /// Drops what is to be dropped, with the application's own work where that is all, and
    /// commits.
    async fn run(&self, work: Work<'_>) -> Result<(), Error> {
        let is_all = matches!(self.portion, Portion::Everything);
        let [before, after] =
            [Occasion::Drop, Occasion::Dropped].map(|occasion| is_all && has_hooks(work, occasion));
        let mut script = Script::default();
        if before {
            run_hooks(work, Occasion::Drop).await?;
            forget_own_work(work, &mut script);
            Kept::of_dropped(work, self.has_schema, self.shown).require(work, &mut script);
        }
        self.add(work, &mut script);
        if after {
            run_script(work, &script).await?;
            run_hooks(work, Occasion::Dropped).await?;
            script = Script::default();
            forget_own_work(work, &mut script);
            require_gone(work, &mut script);
        }
        if is_all && self.ask == Ask::List {
            confirm_gone(work, &mut script);
        }
        match before || after {
            true => commit_own_work(work, &mut script),
            false => script.commit(),
        }
        run_script(work, &script).await
    }

    fn add(&self, work: Work<'_>, script: &mut Script<'_>) {
        match self.portion {
            Portion::Statements(statements) => {
                for statement in statements {
                    script.step("drop a part of the schema", statement);
                }
            }
            Portion::Everything => {
                let drop_schema = format!("DROP SCHEMA IF EXISTS {} CASCADE", work.schema.ident());
                script.step("drop the schema", &drop_schema);
                let statement = match (self.ask, self.shown) {
                    (Ask::Nobody(before), _) => work.registry.take_back(work.schema, before),
                    (Ask::List, Shown::ByRow) => work.registry.delete(work.schema),
                    // A row that the list does not count is the application's, and stays.
                    (Ask::List, Shown::ByHistory) => None,
                };
                if let Some(statement) = statement {
                    script.step("remove the registration", &statement);
                }
            }
        }
    }
}
