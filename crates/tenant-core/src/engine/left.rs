//! Tenants that the application has renamed or deleted in its own tables before this library
//! does the same with the schema.

use super::name_state::NameState;
use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::Error;

/// What shows that a schema is a tenant's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// A row, in the list or beside it.
    ByRow,
    /// Its migration history, and that it is the schema of no listed tenant.
    ByHistory,
}

/// What shows in the open transaction that the schema of `work` is a tenant's or a spare's, by
/// what `existing` says of its name.
///
/// # Errors
///
/// [`Error::Unknown`] or [`Error::Untracked`] if nothing does, or a server error.
pub(super) async fn require_shown(work: Work<'_>, existing: NameState) -> Result<Shown, Error> {
    match existing.require_registered(work) {
        Ok(()) => Ok(Shown::ByRow),
        Err(Error::Untracked(_)) if is_left(work).await? => Ok(Shown::ByHistory),
        Err(error) => Err(error),
    }
}

/// Whether the application's list no longer names the schema of `work`, in the open transaction.
///
/// # Errors
///
/// A server error.
pub(super) async fn is_left(work: Work<'_>) -> Result<bool, Error> {
    let Some(condition) = work.registry.is_left(work.schema) else {
        return Ok(false);
    };
    let mut script = Script::default();
    let question = format!("SELECT {condition}");
    script.step("look for the tenant's migration history", &question);
    let rows = ask(work, &script).await?;
    Ok(rows.first().and_then(|row| row.get(0)) == Some("t"))
}
