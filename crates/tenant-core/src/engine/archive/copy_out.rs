//! Reads the rows of a table as a stream.

use std::pin::pin;

use bytes::Bytes;
use futures_util::StreamExt;
use tenant_archive::Table;

use super::columns::with_columns;
use crate::engine::work::Work;
use crate::{Error, PgError};

/// How many bytes are handed on at a time: the server sends each row by itself.
const CHUNK: usize = 256 * 1024;

/// Hands the rows of `table` to `take`, some whole rows at a time.
///
/// # Errors
///
/// What the server says, or what `take` answers.
pub(super) async fn copy_out<F>(
    work: Work<'_>,
    table: &Table,
    mut take: impl FnMut(Bytes) -> F,
) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let is_bounded = !work.settings.statement_timeout.is_zero();
    let failed = |error| {
        let action = format!("read the rows of `{}`", table.name);
        Error::database_of(
            work.schema,
            action,
            PgError::from(error).bounded(is_bounded),
        )
    };
    let copy = format!(
        "COPY {} TO STDOUT (FORMAT text)",
        with_columns(work.schema, table)
    );
    let rows = work.session.client().copy_out(&copy).await;
    let mut rows = pin!(rows.map_err(failed)?);
    let mut chunk = Vec::with_capacity(CHUNK);
    while let Some(row) = rows.next().await {
        chunk.extend_from_slice(&row.map_err(failed)?);
        if chunk.len() >= CHUNK {
            let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
            take(full.into()).await?;
        }
    }
    if chunk.is_empty() {
        return Ok(());
    }
    take(chunk.into()).await
}
