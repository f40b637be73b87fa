//! Ctrl-C and SIGTERM: end cleanly at the first, at once at the second.

use std::sync::Arc;

use command_line::interrupt::Signals;
use command_line::{Output, exit};
use tenant_core::Stop;

/// A stop signal that Ctrl-C or SIGTERM sends to a run over several tenants.
///
/// # Errors
///
/// When the operating system does not let them be listened for.
pub(crate) fn stop_on_signal(output: Output) -> anyhow::Result<Arc<Stop>> {
    let mut signals = Signals::listen()?;
    let stop = Arc::new(Stop::default());
    let request = Arc::clone(&stop);
    drop(tokio::spawn(async move {
        signals.next().await;
        request.request();
        output.problem(
            "Stopping: the tenants under way are finished, no other is begun. Ctrl-C again ends \
             at once and without a report; the server then finishes those tenants alone.",
        );
        signals.next().await;
        exit::at_once();
    }));
    Ok(stop)
}
