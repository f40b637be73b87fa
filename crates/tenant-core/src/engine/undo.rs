//! Removes a new tenant again that could not be completed.

use super::remove::remove_unfinished;
use super::send::execute;
use super::settings::Settings;
use super::transaction::close;
use super::work::Work;
use crate::Error;
use crate::error::Consequence;
use crate::hook::Hooks;
use crate::name::Schema;
use crate::registry::RowBefore;
use crate::report::Removed;

/// Removes a tenant that was committed and could not be completed. No client can have used it,
/// because its creation was never reported.
pub(super) async fn undo(work: Work<'_>, before: RowBefore, error: Error) -> Error {
    // The lock is held longer than this, so no other run completes the tenant.
    let rolled_back = execute(work.session, "roll back", "ROLLBACK").await;
    let removed = match rolled_back {
        Ok(()) => remove_again(work, before).await,
        Err(error) => Err(error),
    };
    close(work).await;
    match removed {
        Ok(_) => removed_again(error),
        Err(undo) => Error::HalfMade {
            schema: work.schema.to_string(),
            name: work.schema.key().to_owned(),
            is_spare: matches!(work.schema, Schema::Spare(_)),
            undo: Box::new(undo),
            source: Box::new(error),
        },
    }
}

/// Removes such a tenant. The application's own work of a drop does not run, because its work of
/// the creation is not committed. The row is as it was `before`.
pub(crate) async fn remove_again(work: Work<'_>, before: RowBefore) -> Result<Removed, Error> {
    let settings = Settings {
        hooks: Hooks::new(),
        ..work.settings.clone()
    };
    let settings = &settings;
    remove_unfinished(Work { settings, ..work }, before).await
}

/// The error, now that nothing remains of the tenant.
fn removed_again(error: Error) -> Error {
    match error {
        Error::Migration(mut failure) => {
            failure.consequence = Consequence::Removed;
            Error::Migration(failure)
        }
        error => error,
    }
}
