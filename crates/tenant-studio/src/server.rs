//! The routes, and serving them until the end.

use std::io;
use std::time::Duration;

use axum::{Router, middleware};
use tokio::net::TcpListener;

use crate::connections::Connections;
use crate::guard::{Guard, guard, session};
use crate::shown_schema::readable;
use crate::studio::Studio;
use crate::{assets, error, pages};

/// How long answers that are under way may take at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

impl Studio {
    /// All pages, behind the guard. `port` is the one at which they are served:
    /// requests for another are refused.
    pub fn router(&self, port: u16) -> Router {
        let guarding = Guard { port };
        let pages = pages::routes()
            .fallback(pages::nowhere)
            .with_state(self.clone())
            .layer(middleware::from_fn(readable))
            .layer(middleware::from_fn_with_state(self.clone(), error::render));
        // Around a router of its own, because the address that the pages are found by
        // is the one that `session` leaves.
        let inside = Router::new()
            .fallback_service(pages)
            .layer(middleware::from_fn_with_state(self.clone(), session));
        pages::entry::routes()
            .merge(assets::routes())
            .with_state(self.clone())
            .fallback_service(inside)
            .layer(middleware::from_fn_with_state(guarding, guard))
    }

    /// Answers at `listener` until `shutdown`. Answers that are under way then
    /// have two seconds to end; their queries are cancelled after that.
    ///
    /// # Errors
    ///
    /// When the listener does not know its own address.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let router = self.router(listener.local_addr()?.port());
        let (over, mut is_over) = tokio::sync::watch::channel(false);
        let studio = self.clone();
        let signal = async move {
            shutdown.await;
            studio.forget_entry_file();
            over.send_replace(true);
        };
        let connections = Connections::new(router, is_over.clone());
        let late = async move {
            // The sender is kept until it has been sent.
            drop(is_over.wait_for(|over| *over).await);
            tokio::time::sleep(LAST_ANSWERS).await;
        };
        tokio::select! {
            ((), ()) = async { tokio::join!(signal, connections.serve(listener)) } => Ok(()),
            () = late => Ok(()),
        }
    }
}
