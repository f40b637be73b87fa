//! A connection seen from outside: what the server is at, and how to make it stop.

#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::CancelToken;

use super::filtered::{MakeAgreeing, Once};
#[cfg(unix)]
use super::lasting::Lasting;
use super::pinned::Greeted;
use super::watch::Watch;

/// How long to try to reach the server in order to cancel a query.
const REACHED: Duration = Duration::from_secs(5);

/// How long a connection without a user may take to end by itself, once its query was
/// cancelled for the first time. Each further time is twice as long.
const ENDED: Duration = Duration::from_millis(50);

/// How often a query is canceled. It may only be about to begin when the first request arrives,
/// and then continues.
const TIMES: u32 = 7;

/// How to reach the server once more.
#[derive(Clone)]
pub(super) enum Road {
    #[cfg(unix)]
    Socket(PathBuf),
    Network(Box<Once<MakeAgreeing>>),
}

/// A connection that is watched. The clones are of the same one.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) watch: Arc<Watch>,
    canceller: Canceller,
    /// What drives the connection.
    task: AbortHandle,
}

/// Cancels what runs on a connection.
#[derive(Clone)]
pub(crate) struct Canceller {
    token: CancelToken,
    road: Road,
}

impl Wire {
    pub(super) fn new(watch: Arc<Watch>, greeted: &Greeted, road: Road) -> Self {
        let token = greeted.client.cancel_token();
        Self {
            watch,
            canceller: Canceller { token, road },
            task: greeted.task.clone(),
        }
    }

    pub(crate) fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Ends a connection that the server may still be at something for: cancels that
    /// until the connection ends, and closes it, whatever comes of it. Its client is to be
    /// dropped.
    ///
    /// The order matters behind a pooler, which knows nothing any more of a client that
    /// is gone, and leaves its query alone.
    pub(crate) fn abandon(&self) {
        let Ok(runtime) = Handle::try_current() else {
            // The runtime that drove the connection is over, or will be.
            self.task.abort();
            return;
        };
        let wire = self.clone();
        drop(runtime.spawn(async move {
            for time in 0..TIMES {
                wire.canceller().send().await;
                let ended = wire.watch.closed();
                if timeout(ENDED * 2_u32.pow(time), ended).await.is_ok() {
                    break;
                }
            }
            // It may not be possible to cancel it, or it waits for a reader that does
            // not read.
            wire.task.abort();
        }));
    }
}

impl Canceller {
    /// Asks the server, or the pooler, to give up the statement.
    pub(crate) async fn send(self) {
        // It has either ended by itself, or the server ends it later.
        drop(timeout(REACHED, self.reach()).await);
    }

    async fn reach(self) {
        match self.road {
            #[cfg(unix)]
            Road::Socket(path) => {
                if let Ok(stream) = tokio::net::UnixStream::connect(path).await {
                    drop(
                        self.token
                            .cancel_query_raw(Lasting(stream), tokio_postgres::NoTls)
                            .await,
                    );
                }
            }
            Road::Network(agreeing) => drop(self.token.cancel_query(*agreeing).await),
        }
    }
}
