//! The state of a connection, as the server reports it.
//!
//! The driver's futures resolve before the server is done. A query that returns rows resolves
//! when its values are bound, any query at the first error, and a query that copies at an answer
//! that the driver did not expect. The driver reports nothing about the transaction, although the
//! server reports at the end of each answer whether there is one. So a filter between the two
//! reads along. It records the requests that are not answered completely, the state of the
//! transaction, the commands that have ended one, and the SQLSTATE of an error, which Diesel does
//! not keep.
//!
//! Source: PostgreSQL manual, "Message Flow" and "Message Formats".

mod frames;
mod mention;
mod probe;
mod state;
mod stream;
mod types;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use frames::Frames;
use state::State;
use types::{Cursor, Types};

pub(crate) use probe::Probe;
pub(crate) use state::{Ended, Mark, Seen, Standing};
pub(super) use stream::Watched;
pub(crate) use types::{Oids, OwnTypes};

/// What is known of one connection.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    state: Mutex<State>,
    types: Mutex<Types>,
    changed: Notify,
}

impl Watch {
    /// Whether the server is at something that was asked of it. To close a statement
    /// does not count, nor does what has failed already.
    pub(crate) fn is_working(&self) -> bool {
        self.state().is_working()
    }

    /// How many requests have been sent so far.
    pub(crate) fn asked(&self) -> u64 {
        self.state().asked
    }

    /// Whether this was the newest probe that was sent on it.
    pub(crate) fn has_sent(&self, probe: Probe) -> bool {
        self.state().probe == Some(probe)
    }

    /// Waits until `requests` requests were answered completely, or further waiting is of no use.
    pub(crate) async fn answered(&self, requests: u64) {
        loop {
            let changed = self.changed.notified();
            {
                let state = self.state();
                if state.answered >= requests || state.is_useless || state.is_copying {
                    return;
                }
            }
            changed.await;
        }
    }

    /// Waits for the end of all answers to what has been sent.
    pub(crate) async fn settled(&self) {
        self.answered(self.asked()).await;
    }

    /// Whether the connection is closed or has been given up, or the server waits for rows that
    /// no client sends.
    pub(crate) fn is_useless(&self) -> bool {
        let state = self.state();
        state.is_useless || state.is_copying
    }

    /// Waits until the connection is closed.
    pub(super) async fn closed(&self) {
        loop {
            let changed = self.changed.notified();
            if self.state().is_closed {
                return;
            }
            changed.await;
        }
    }

    /// How the transaction stood at the end of the last answer.
    pub(crate) fn standing(&self) -> Standing {
        self.state().standing
    }

    /// What commands have done since [`forget`](Self::forget).
    pub(crate) fn seen(&self) -> Seen {
        self.state().seen
    }

    /// From here on these are meant by types of the same names.
    pub(crate) fn serve_types(&self, types: &Arc<OwnTypes>) {
        self.types().serve(types);
    }

    /// Another piece of work begins.
    pub(crate) fn forget(&self) {
        self.state().begin();
    }

    /// The path is still there: what was rolled back was no more than to a savepoint, and
    /// what was set was something else.
    pub(crate) fn has_path(&self) {
        let mut state = self.state();
        state.seen.rolled_back = false;
        state.seen.path = false;
    }

    /// There is something on the connection that can't be undone.
    pub(crate) fn spoil(&self) {
        self.state().seen.spoiled = true;
    }

    /// From here on the first error counts, and the end of the transaction.
    pub(crate) fn listen(&self) {
        let mut state = self.state();
        state.error = None;
        state.ended = None;
    }

    /// Whether the driver has prepared a statement on it that has a name.
    pub(crate) fn has_named(&self) -> bool {
        self.state().has_named
    }

    /// The SQLSTATE of the first error since [`listen`](Self::listen).
    pub(crate) fn sqlstate(&self) -> Option<String> {
        self.state().error.clone()
    }

    /// How the message with [`Mark::End`] has ended the transaction.
    pub(crate) fn ended(&self) -> Option<Ended> {
        self.state().ended
    }

    /// Whether the message with [`Mark::End`] has ended a transaction, or found none.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended().is_some()
    }

    fn restart(&self) {
        *self.state() = State::default();
    }

    fn close(&self) {
        let mut state = self.state();
        state.is_useless = true;
        state.is_closed = true;
        drop(state);
        self.changed.notify_waiters();
    }

    /// Whether such a message to the server has a text that counts.
    fn asks_in_text(tag: u8) -> bool {
        matches!(tag, b'Q' | b'P' | b'B' | b'C')
    }

    /// Whether the content of such a message from the server counts.
    fn hears(tag: u8) -> bool {
        matches!(tag, b'C' | b'E' | b'S' | b'Z')
    }

    fn asked_with(&self, frames: &mut Frames, bytes: &[u8]) {
        let mut state = self.state();
        frames.read(bytes, |frame| state.ask(frame));
    }

    fn answered_with(&self, frames: &mut Frames, bytes: &[u8]) {
        let mut state = self.state();
        let before = state.answered;
        frames.read(bytes, |frame| state.hear(frame));
        let is_news = state.answered > before || state.is_copying || state.is_useless;
        drop(state);
        if is_news {
            self.changed.notify_waiters();
        }
    }

    /// The same bytes with the types that are meant, if these are others.
    fn replaced(&self, cursor: Cursor, bytes: &[u8]) -> Option<Vec<u8>> {
        let types = self.types();
        if types.is_empty() {
            return None;
        }
        types.replaced(cursor, bytes)
    }

    fn types(&self) -> MutexGuard<'_, Types> {
        self.types.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each message is taken in as a whole, so it is right also after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
