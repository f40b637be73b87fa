//! Ctrl-C, SIGTERM and SIGHUP: end cleanly at the first, at once at the second.

use std::sync::Arc;

use command_line::interrupt::Signals;
use command_line::{Output, exit};
use tenant_core::Stop;

/// What a run over several tenants says at the first signal.
pub(crate) const OF_A_FLEET: &str = "Stopping. The command finishes the tenants in progress and \
     starts no other. Press Ctrl-C again to end at once without a report. The server then finishes \
     those tenants alone.";

/// A stop signal that Ctrl-C or SIGTERM sends to a run; `words` say what that means.
///
/// # Errors
///
/// When the operating system does not let them be listened for.
pub fn stop_on_signal(output: Output, words: &'static str) -> anyhow::Result<Arc<Stop>> {
    let mut signals = Signals::listen()?;
    let stop = Arc::new(Stop::default());
    let request = Arc::clone(&stop);
    drop(tokio::spawn(async move {
        signals.next().await;
        request.request();
        output.problem(words);
        signals.next().await;
        exit::at_once();
    }));
    Ok(stop)
}
