//! [`Listening`]: a connection on which other sessions' notifications are heard.

use sql_text::ident;
use tokio::sync::mpsc::UnboundedReceiver;

use super::session::Session;
use super::{ConnectError, Database};
use crate::PgError;

/// A connection that listens. It closes when it is dropped.
pub(crate) struct Listening {
    /// The connection lasts as long as it does.
    _session: Session,
    heard: UnboundedReceiver<String>,
}

impl Listening {
    /// The text of the next notification; `None` once the connection is lost.
    pub(crate) async fn next(&mut self) -> Option<String> {
        self.heard.recv().await
    }
}

impl Database {
    /// Opens a connection that hears what other sessions of this database say on `channel`. It is
    /// of no use behind a pooler.
    pub(crate) async fn listen(&self, channel: &str) -> Result<Listening, ConnectError> {
        let session = self.session().await?;
        let heard = session.notifications();
        let listen = format!("LISTEN {}", ident(channel));
        let listening = session.client().batch_execute(&listen).await;
        listening.map_err(|error| self.refused(PgError::from(error)))?;
        Ok(Listening {
            _session: session,
            heard,
        })
    }
}
