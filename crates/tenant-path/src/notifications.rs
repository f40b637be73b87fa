//! Notifications that the driver has received and not handed out.

use std::pin::pin;

use diesel_async::AsyncPgConnection;
use futures_util::{FutureExt, StreamExt};

/// Discards what the last user was sent by `NOTIFY`. `UNLISTEN` stops the server, and leaves
/// in the driver's queue what arrived before. Call it after an answer of the server, by which
/// everything that it sent before has arrived.
pub(crate) fn discard_notifications(connection: &mut AsyncPgConnection) {
    let mut received = pin!(connection.notifications_stream());
    while let Some(Some(_)) = received.next().now_or_never() {}
}
