//! Notices and warnings that a server sends beside its answers, and notifications of others.
//!
//! The driver has a task that reads from the server and passes the answers to the code that
//! asked. Only the task gets the notices in between. To assign a notice to its statement, the
//! task stops until the reader of the answers has taken the notice. By then the reader has had
//! everything that came before.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use futures_util::Stream;
use futures_util::future::poll_fn;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::{AsyncMessage, Connection};

/// The notices of one connection.
#[derive(Default)]
pub(crate) struct Notices(Mutex<State>);

#[derive(Default)]
struct State {
    /// How much the reader takes; `None` while there is no reader.
    room: Option<Room>,
    /// The notice that the reader must take before the connection continues.
    next: Option<DbError>,
    reader: Option<Waker>,
    connection: Option<Waker>,
    /// Where notifications go.
    notified: Option<UnboundedSender<String>>,
}

/// How much a reader takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Room {
    /// At most this number of warnings.
    pub(crate) warnings: usize,
    /// At most this number of other notices; `None` if none are wanted.
    pub(crate) notices: Option<usize>,
    /// How many there was no room for.
    pub(crate) left_out: usize,
}

impl Room {
    /// Whether there is room for one more of its kind, which takes it.
    fn take(&mut self, is_warning: bool) -> bool {
        let left = match (is_warning, &mut self.notices) {
            (true, _) => &mut self.warnings,
            (false, Some(left)) => left,
            (false, None) => return false,
        };
        if *left == 0 {
            self.left_out += 1;
            return false;
        }
        *left -= 1;
        true
    }
}

pub(crate) fn is_warning(notice: &DbError) -> bool {
    // What is worse is an error, and none of these.
    match notice.parsed_severity() {
        Some(severity) => severity == Severity::Warning,
        None => notice.severity() == "WARNING",
    }
}

/// Drives `connection` until its client is gone, and keeps what the server says for
/// who reads along. Errors reach the client's calls. The handle is of the task that does
/// so.
pub(super) fn drive<S, T>(mut connection: Connection<S, T>) -> (Arc<Notices>, AbortHandle)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let notices = Arc::new(Notices::default());
    let heard = Arc::clone(&notices);
    let task = tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            match message {
                AsyncMessage::Notice(notice) => heard.pass_on(notice).await,
                AsyncMessage::Notification(one) => heard.notify(one.payload()),
                _ => {}
            }
        }
        // Who waits for a notification learns that none comes any more.
        heard.state().notified = None;
    });
    (notices, task.abort_handle())
}

impl Notices {
    /// Waits until a reader has taken `notice`. Does not wait if no reader wants it.
    async fn pass_on(&self, notice: DbError) {
        let mut notice = Some(notice);
        poll_fn(|context| {
            let mut state = self.state();
            let Some(room) = &mut state.room else {
                return Poll::Ready(());
            };
            if let Some(new) = notice.take() {
                if !room.take(is_warning(&new)) {
                    return Poll::Ready(());
                }
                state.next = Some(new);
                wake(&mut state.reader);
            }
            if state.next.is_none() {
                return Poll::Ready(());
            }
            state.connection = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// The texts of the notifications from here on, until the connection is lost. One reader
    /// hears them.
    pub(super) fn notifications(&self) -> UnboundedReceiver<String> {
        let (sender, receiver) = unbounded_channel();
        self.state().notified = Some(sender);
        receiver
    }

    fn notify(&self, text: &str) {
        if let Some(notified) = &self.state().notified {
            // The reader may be gone, and so is its connection in a moment.
            drop(notified.send(text.to_owned()));
        }
    }

    /// Reads along until the value is dropped. To be called before what is answered is
    /// sent; without `room` nothing is heard.
    pub(super) fn read(&self, room: Option<Room>) -> Reading<'_> {
        self.state().room = room;
        Reading(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // It is whole at every moment, also after a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// What comes from the server, in its order.
pub(crate) enum Heard<T> {
    /// An answer.
    Answer(T),
    /// Something that it said before the next answer.
    Notice(Box<DbError>),
}

/// A reader of the notices.
pub(crate) struct Reading<'a>(&'a Notices);

impl Reading<'_> {
    /// What comes next; `None` after the last answer.
    pub(crate) async fn next<T>(
        &self,
        mut answers: Pin<&mut impl Stream<Item = T>>,
    ) -> Option<Heard<T>> {
        poll_fn(|context| {
            // Looked at first: what was sent before it, the answers have already.
            let is_there = {
                let mut state = self.0.state();
                state.reader = Some(context.waker().clone());
                state.next.is_some()
            };
            match answers.as_mut().poll_next(context) {
                Poll::Ready(answer) => Poll::Ready(answer.map(Heard::Answer)),
                Poll::Pending if is_there => {
                    let mut state = self.0.state();
                    wake(&mut state.connection);
                    Poll::Ready(state.next.take().map(Box::new).map(Heard::Notice))
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// How many there was no room for.
    pub(crate) fn left_out(&self) -> usize {
        self.0.state().room.map_or(0, |room| room.left_out)
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.room = None;
        state.next = None;
        wake(&mut state.connection);
    }
}
