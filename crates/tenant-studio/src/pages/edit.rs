//! Changes to rows, for a studio that was started to write.
//!
//! A browser's page sends them as a document (`changes.rs`) or as the form of one
//! row (`form.rs`); both end in `data::apply`.

mod answer;
mod changes;
mod choices;
mod control;
mod form;
mod row;
mod submitted;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;

use super::Here;
use crate::data::{Change, Done, RefusedChange, Table, Writing, apply};
use crate::error::Failure;
use crate::studio::Studio;

/// How large a document or a form may be, in bytes. A form has each value twice,
/// and a letter can take nine bytes of it.
const LARGEST: usize = 32 * 1024 * 1024;

pub(super) fn routes() -> Router<Studio> {
    changes::routes()
        .merge(form::routes())
        .merge(choices::routes())
        .layer(DefaultBodyLimit::max(LARGEST))
}

/// Refuses requests to edit if the studio is read-only.
fn allowed(here: &Here) -> Result<(), Failure> {
    if here.studio.options().write {
        return Ok(());
    }
    Err(Failure::ReadOnly)
}

/// A transaction that can change something here.
async fn write(here: &Here) -> Result<Writing, Failure> {
    let timeout = here.studio.options().statement_timeout;
    let permit = here.studio.permit().await?;
    Writing::begin(here.studio.pool(), permit, (&here.place, timeout)).await
}

/// Does `changes` and keeps them, or does nothing. Gives the table too, for telling
/// what was refused.
async fn keep(
    here: &Here,
    name: &str,
    changes: &[Change],
) -> Result<(Table, Result<Done, RefusedChange>), Failure> {
    let writing = write(here).await?;
    let table = Table::read(writing.reading(), name).await?;
    let applied = match apply(&writing, &table, changes).await {
        Ok(applied) => {
            writing.commit().await?;
            Ok(applied)
        }
        Err(RefusedChange::Failed(failure)) => return Err(failure),
        Err(refusal) => Err(refusal),
    };
    Ok((table, applied))
}

/// An answer that is a page, or says why there is none.
type Answer = Result<Response, Failure>;
