//! Ctrl-C, SIGTERM, and SIGHUP, which comes when the terminal is closed.
//!
//! By default each of them ends the process at once. Code that has something to finish or to undo
//! listens with [`Signals`], and while one of these exists its owner handles the signals.
//! [`interruptible`] is for work that is undone by being dropped.

#[cfg(not(windows))]
mod unix;
#[cfg(windows)]
mod windows;

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(not(windows))]
use self::unix::Watched;
#[cfg(windows)]
use self::windows::Watched;
use crate::exit::{self, Interrupted};

/// How many [`Signals`] there are.
static LISTENERS: AtomicUsize = AtomicUsize::new(0);

/// Starts [`stand_in`].
static STAND_IN: Once = Once::new();

/// Ctrl-C, SIGTERM and SIGHUP, listened for until this is dropped.
#[derive(Debug)]
pub struct Signals {
    watched: Watched,
}

impl Signals {
    /// Begins to listen. To be called while a command runs, not before.
    ///
    /// # Errors
    ///
    /// When the operating system does not let the signals be listened for.
    pub fn listen() -> std::io::Result<Self> {
        let watched = Watched::new()?;
        let for_the_rest = Watched::new()?;
        LISTENERS.fetch_add(1, Ordering::SeqCst);
        STAND_IN.call_once(|| drop(tokio::spawn(stand_in(for_the_rest))));
        Ok(Self { watched })
    }

    /// Waits for the next signal, one that came since the last time included.
    pub async fn next(&mut self) {
        self.watched.next().await;
    }

    /// Keeps the signals from ending the process from here on, because it is
    /// about to end anyway, in good order.
    pub(crate) fn keep(self) {
        std::mem::forget(self);
    }
}

/// Does `work`, or drops it when a signal comes. A second signal while it is
/// being dropped ends the process at once.
///
/// # Errors
///
/// Those of `work`, and [`Interrupted`].
pub async fn interruptible<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let mut signals = Signals::listen()?;
    let mut work = Box::pin(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = signals.next() => {}
    }
    drop(tokio::spawn(async move {
        signals.next().await;
        exit::at_once();
    }));
    drop(work);
    Err(Interrupted.into())
}

impl Drop for Signals {
    fn drop(&mut self) {
        LISTENERS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Ends the process at a signal without a listener. The operating system would do that by default,
/// but no longer does once a process has listened for the signal.
async fn stand_in(mut signals: Watched) {
    loop {
        signals.next().await;
        if LISTENERS.load(Ordering::SeqCst) == 0 {
            exit::at_once();
        }
    }
}
