//! The rows of a query, while they come.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use diesel::result::QueryResult;
use futures_util::Stream;
use futures_util::stream::BoxStream;

use super::coded::with_code;
use super::lent::Signs;
use crate::link::Watch;

/// Rows that the server is still to send, and may fail at.
///
/// While they are not read, the driver reads nothing further from its connection. So the connection
/// is of no use to others while such a value exists.
pub(super) struct Rows<R> {
    rows: BoxStream<'static, QueryResult<R>>,
    signs: Arc<Signs>,
    watch: Arc<Watch>,
}

impl<R> Rows<R> {
    pub(super) fn new(
        rows: BoxStream<'static, QueryResult<R>>,
        signs: Arc<Signs>,
        watch: Arc<Watch>,
    ) -> Self {
        signs.rows_opened();
        Self { rows, signs, watch }
    }
}

impl<R> Stream for Rows<R> {
    type Item = QueryResult<R>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.rows.as_mut().poll_next(context);
        next.map(|row| {
            row.map(|row| {
                row.map_err(|error| {
                    self.signs.note(&error);
                    let coded = with_code(error, self.watch.sqlstate());
                    self.signs.explained(coded)
                })
            })
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}

impl<R> Drop for Rows<R> {
    fn drop(&mut self) {
        self.signs.rows_closed();
    }
}
