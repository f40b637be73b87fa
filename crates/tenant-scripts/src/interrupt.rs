//! Ctrl-C and SIGTERM: end cleanly at the first, at once at the second.

use std::sync::Arc;

use tenant_core::Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{Output, exit};

/// A stop signal that Ctrl-C or SIGTERM sends to a run over several tenants.
///
/// # Errors
///
/// When the operating system does not let them be listened for.
pub(crate) fn stop_on_signal(output: Output) -> anyhow::Result<Arc<Stop>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = Arc::new(Stop::default());
    let request = Arc::clone(&stop);
    drop(tokio::spawn(async move {
        either(&mut interrupt, &mut terminate).await;
        request.request();
        output.problem(
            "Stopping: the tenants under way are finished, no other is begun. Ctrl-C again ends \
             at once and without a report; the server then finishes those tenants alone.",
        );
        either(&mut interrupt, &mut terminate).await;
        exit::at_once();
    }));
    Ok(stop)
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
