//! Serves until it is time to end.

use std::io;
use std::sync::Arc;

use tenant_core::Stop;
use tokio::net::TcpListener;

use crate::App;

/// Answers requests until `end` is there. Those under way are answered before
/// this returns.
///
/// # Errors
///
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let spares = app.spares.clone();
    let stop = Arc::new(Stop::default());
    let keeping = tokio::spawn({
        let (spares, stop) = (spares.clone(), Arc::clone(&stop));
        async move { spares.keep(&stop).await }
    });
    let served = axum::serve(listener, app.router())
        .with_graceful_shutdown(end)
        .await;
    stop.request();
    spares.see_to_it();
    // The schema that is being made is completed.
    drop(keeping.await);
    served
}
