//! Listens to other programs that suspend a tenant or serve it again.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;

use super::PoolError;
use super::directory::Directory;
use crate::link::Listening;
use crate::registry::CHANNEL;
use crate::{ConnectError, Database};

/// How long to wait before a lost connection is opened again, at first. Each further time is twice
/// as long, up to the lifetime of what is known: then it is asked for anyway.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(60);

/// A task that listens until this is dropped.
pub(super) struct Listener(AbortHandle);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Listener {
    /// Listens on a separate connection.
    ///
    /// # Errors
    ///
    /// [`PoolError::NeedsDirect`] behind a pooler, and [`PoolError::Connect`].
    pub(super) async fn start(
        database: Database,
        directory: Arc<Directory>,
    ) -> Result<Self, PoolError> {
        if !database.is_surely_direct().await {
            return Err(PoolError::NeedsDirect);
        }
        let heard = begin(&database, &directory).await?;
        let task = tokio::spawn(listen(heard, database, directory));
        Ok(Self(task.abort_handle()))
    }
}

async fn begin(database: &Database, directory: &Directory) -> Result<Listening, ConnectError> {
    let heard = database.listen(CHANNEL).await?;
    // What was said before is not heard.
    directory.forget_all();
    Ok(heard)
}

async fn listen(mut heard: Listening, database: Database, directory: Arc<Directory>) {
    loop {
        while let Some(name) = heard.next().await {
            match name.as_str() {
                "" => directory.forget_all(),
                name => directory.forget_called(name),
            }
        }
        let mut pause = PAUSE;
        heard = loop {
            tokio::time::sleep(pause).await;
            match begin(&database, &directory).await {
                Ok(heard) => break heard,
                Err(_) => pause = (pause * 2).min(LONGEST),
            }
        };
    }
}
