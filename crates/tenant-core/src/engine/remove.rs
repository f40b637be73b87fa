//! Removes a tenant: schema and registration in one transaction, or where the
//! schema holds more than the server can lock at a time, in several.

use super::attempt::Attempts;
use super::cluster::refers_to_shared;
use super::drop_steps::{DropStep, next_drop_step};
use super::name_state::{open_and_look, open_and_look_with_lock};
use super::script::Script;
use super::send::run_script;
use super::transaction::{close, finish};
use super::work::Work;
use crate::Error;
use crate::name::Schema;
use crate::report::Removed;

/// Removes the tenant or spare whose schema is that of `work`.
///
/// # Errors
///
/// [`Error::Unknown`], [`Error::UnknownSpare`] or [`Error::Untracked`] when it is in no
/// list: only a tenant's schema is ever dropped.
pub(crate) async fn remove(work: Work<'_>) -> Result<Removed, Error> {
    let is_shared = refers_to_shared(work).await?;
    // Those of this program take turns, so that none waits longer than its turn.
    let _turn = if is_shared {
        Some(work.database.turn_to_drop().await)
    } else {
        None
    };
    let mut attempts = Attempts::new();
    loop {
        match drop_in_steps(work, is_shared).await {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

/// Removes as much of it as is possible in one go, until nothing is left.
async fn drop_in_steps(work: Work<'_>, is_shared: bool) -> Result<Removed, Error> {
    loop {
        // With a key to a reference table goes a lock on all its copies, and two who
        // take those at once can each have what the other one needs. Whoever changes
        // the reference table holds the lock of the public schema, too.
        let existing = if is_shared {
            open_and_look_with_lock(work, Schema::Public).await?
        } else {
            open_and_look(work).await?
        };
        if let Err(error) = existing.require_registered(work) {
            close(work).await;
            return Err(error);
        }
        let step = match next_drop_step(work).await {
            Ok(step) => step,
            Err(error) => {
                close(work).await;
                return Err(error);
            }
        };
        let script = removal(work, &step);
        finish(work, run_script(work, &script).await).await?;
        match step {
            DropStep::Statements(_) => {}
            DropStep::Everything if existing.schema => return Ok(Removed::Tenant),
            DropStep::Everything => return Ok(Removed::RegistrationOnly),
        }
    }
}

fn removal(work: Work<'_>, step: &DropStep) -> Script<'static> {
    let mut script = Script::default();
    match step {
        DropStep::Statements(statements) => {
            for statement in statements {
                script.step("dropping a part of the schema", statement);
            }
        }
        DropStep::Everything => {
            let drop_schema = format!("DROP SCHEMA IF EXISTS {} CASCADE", work.schema.ident());
            script.step("dropping the schema", &drop_schema);
            if let Some(statement) = work.registry.delete(work.schema) {
                script.step("removing the registration", &statement);
            }
        }
    }
    script.step("committing", "COMMIT");
    script
}
