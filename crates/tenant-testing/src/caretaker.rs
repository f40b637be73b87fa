//! The thread for what outlives a test.
//!
//! Each `#[tokio::test]` has its own runtime, and the connections that were opened in it end with
//! it. Work that belongs to the whole process, and cleanup after a test, runs in this runtime
//! instead.

use std::pin::Pin;
use std::sync::{LazyLock, mpsc};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::failure::Failure;

const NAME: &str = "tenants-testing";

static RUNTIME: LazyLock<Result<Runtime, String>> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(NAME)
        .enable_all()
        .build();
    runtime.map_err(|error| error.to_string())
});

/// A future that a test can hold without holding all that it is made of. The
/// compiler follows what futures are made of to a limited depth, and that is for
/// the test's own.
pub(crate) type Small<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Makes such a future.
pub(crate) fn small<'a, T>(work: impl Future<Output = T> + Send + 'a) -> Small<'a, T> {
    Box::pin(work)
}

/// Runs `work` to its end, even if the caller no longer waits for it.
pub(crate) fn run<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Small<'static, Result<T, Failure>> {
    small(async {
        match start(work)?.await {
            Ok(done) => done,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => Err(Failure::Runtime(error.to_string())),
        }
    })
}

/// The same for a caller who cannot wait for a future, such as `Drop`. On the
/// caretaker's own thread it does not wait: that thread has to do the work.
pub(crate) fn run_here<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<Option<T>, Failure> {
    let (sender, receiver) = mpsc::channel();
    let started = start(async move {
        // Whoever has gone on without it does not need it.
        drop(sender.send(work.await));
    })?;
    drop(started);
    if std::thread::current().name() == Some(NAME) {
        return Ok(None);
    }
    // It hangs up without an answer when the work panics.
    let ended = |_| Failure::Runtime("one of its tasks panicked".to_owned());
    receiver.recv().map_err(ended)?.map(Some)
}

/// Begins something that may take its time.
pub(crate) fn start<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<JoinHandle<T>, Failure> {
    let runtime = RUNTIME.as_ref();
    let runtime = runtime.map_err(|error| Failure::Runtime(error.clone()))?;
    Ok(runtime.spawn(work))
}
