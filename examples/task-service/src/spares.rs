//! [`Spares`]: schemas created in advance, so that a sign-up takes milliseconds.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tenant_core::{Outcome, Stop, Tenants};
use tokio::sync::Notify;
use tokio::time::timeout;

/// How often to check the spares even if there are no sign-ups: other instances of the service take
/// them too.
const PERIOD: Duration = Duration::from_secs(60);

/// Keeps some spare schemas ready. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Spares {
    tenants: Tenants,
    count: usize,
    taken: Arc<Notify>,
}

impl Spares {
    pub(crate) fn new(tenants: Tenants, count: usize) -> Self {
        let taken = Arc::default();
        Self {
            tenants,
            count,
            taken,
        }
    }

    /// One may have been taken. Returns at once.
    pub(crate) fn see_to_it(&self) {
        self.taken.notify_one();
    }

    /// Keeps them ready until `stop` is requested and [`Spares::see_to_it`] is
    /// called.
    pub(crate) async fn keep(self, stop: &Stop) {
        while !stop.is_requested() {
            let kept = self.tenants.spares().keep(self.count).stop(stop);
            match kept.await {
                Ok(kept) => kept.outcomes.iter().for_each(tell),
                Err(error) => {
                    let error = &error as &dyn Error;
                    tracing::warn!(error, "no spare schemas can be kept");
                }
            }
            // Either way it is time to look again.
            drop(timeout(PERIOD, self.taken.notified()).await);
        }
    }
}

/// One that cannot be made is no reason to give the others up.
fn tell(outcome: &Outcome) {
    if let Some(error) = &outcome.error {
        let error = error as &dyn Error;
        tracing::warn!(error, "the spare schema `{}`", outcome.name);
    }
}
