//! Ctrl-C: end cleanly at the first, at once at the second.

use std::sync::Arc;

use tenant_core::Stop;

use crate::{Output, exit};

/// A stop signal that Ctrl-C sends to a run over several tenants.
pub(crate) fn stop_on_ctrl_c(output: Output) -> Arc<Stop> {
    let stop = Arc::new(Stop::default());
    let request = Arc::clone(&stop);
    drop(tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        request.request();
        output.problem(
            "Stopping: the tenants under way are finished, no other is begun. \
             Ctrl-C again ends at once; what is under way is then rolled back.",
        );
        if tokio::signal::ctrl_c().await.is_ok() {
            exit::at_once();
        }
    }));
    stop
}
