//! A transaction for each statement, for sessions that are shared with other clients: behind a
//! pooler.
//!
//! The path is set in the transaction, so each statement must be in one. If the application begins
//! a transaction, with Diesel's methods or by hand, the library's transaction with the path takes
//! its place.

use std::future;

use diesel::result::QueryResult;

use super::begin::{LentParts, Pending};
use super::connection::ScopedConnection;
use super::lent::Kind;
use super::scope::Scope;
use crate::link::Standing;

impl LentParts<'_> {
    /// Runs a statement in a separate transaction, or in the open one.
    ///
    /// `depth` is how many transactions are open as far as Diesel knows. If that is none and the
    /// server has one, the previous statement was canceled while it ran.
    pub(super) async fn each<T>(
        self,
        pending: Pending,
        depth: u32,
        query: impl Future<Output = QueryResult<T>>,
    ) -> QueryResult<T> {
        self.leave_given_up(depth).await?;
        if self.watch.standing() != Standing::Outside {
            return self.watched(query).await;
        }
        let answer = self.watched(pending.with(self, query)).await;
        match answer {
            Ok(answer) => {
                self.send("COMMIT").await?;
                Ok(answer)
            }
            Err(error) => {
                self.watch.settled().await;
                if self.watch.standing() != Standing::Outside {
                    self.send("ROLLBACK").await?;
                }
                Err(error)
            }
        }
    }

    /// Waits for the answers to all that was sent, and ends what was given up.
    async fn leave_given_up(self, depth: u32) -> QueryResult<()> {
        if self.signs.is_busy() {
            self.send("").await?;
            if depth == 0 && self.watch.standing() != Standing::Outside {
                self.send("ROLLBACK").await?;
            }
        }
        self.watch.settled().await;
        Ok(())
    }
}

impl<S: Scope> ScopedConnection<S> {
    /// Whether the text is what Diesel begins a transaction with, and has to be ours.
    pub(super) fn begins_by(&self, text: &str) -> bool {
        self.kind() == Kind::Each && text == "BEGIN"
    }

    /// Begins a transaction that the application ends.
    pub(super) async fn begin_by_hand(&mut self) -> QueryResult<()> {
        let Some((parts, pending, depth)) = self.each_parts() else {
            return Ok(());
        };
        parts.leave_given_up(depth).await?;
        let nothing = future::ready(Ok(()));
        parts.watched(pending.with(parts, nothing)).await
    }
}
