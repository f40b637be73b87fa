//! What would be dropped with a schema although it is not in it.

use super::cluster::ask_as_it_is;
use super::left::is_left;
use super::name_state::{NameState, open_and_look};
use super::script::Script;
use super::send::ask;
use super::transaction::close;
use super::work::Work;
use crate::Error;
use crate::catalog::{Dependent, dependents};
use crate::name::Schema;

/// What becomes of objects outside the schema that depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dependents {
    /// Because of them nothing is dropped.
    Refuse,
    /// They are dropped as well.
    Drop,
}

/// Looks at the name of `work` and at what depends on its schema from outside, and leaves
/// everything as it is.
///
/// # Errors
///
/// A server error.
pub(crate) async fn look_for_dependents(
    work: Work<'_>,
) -> Result<(NameState, Vec<Dependent>), Error> {
    let existing = open_and_look(work).await?;
    let found = async { Ok((as_shown(work, existing).await?, dependents_of(work).await?)) };
    let found = found.await;
    close(work).await;
    found
}

/// What there is, with a schema that only its history shows to be a tenant's.
async fn as_shown(work: Work<'_>, existing: NameState) -> Result<NameState, Error> {
    let is_alone = existing.schema && !existing.registered;
    let registered = existing.registered || is_alone && is_left(work).await?;
    Ok(NameState {
        registered,
        ..existing
    })
}

/// Sees that nothing depends on the schema from outside, in the transaction that is open.
///
/// # Errors
///
/// [`Error::HasDependents`], or a server error.
pub(super) async fn refuse_dependents(work: Work<'_>) -> Result<(), Error> {
    let dependents = dependents_of(work).await?;
    if dependents.is_empty() {
        return Ok(());
    }
    Err(Error::HasDependents {
        schema: work.schema.to_string(),
        is_spare: matches!(work.schema, Schema::Spare(_)),
        dependents,
    })
}

async fn dependents_of(work: Work<'_>) -> Result<Vec<Dependent>, Error> {
    let mut script = Script::default();
    ask_as_it_is(work, &mut script);
    let query = dependents(&[work.schema.schema_name()]);
    script.step("look for dependents of the schema", &query);
    let rows = ask(work, &script).await?;
    Ok(rows.iter().filter_map(Dependent::read).collect())
}
