//! The shapes that were found lately, so that not each call tries the migrations.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Version;
use crate::shape::Expectation;

/// The versions of migrations that are applied together, oldest first.
pub(super) type Applied = Vec<Version>;

/// How long a definition is used without checking it again. The migrations cannot change while the
/// program runs, but default privileges and extensions can.
const FRESH: Duration = Duration::from_secs(60);

/// The shapes that were found lately, by what they depend on.
pub(super) struct KnownShapes<K = Applied>(Mutex<HashMap<K, (Instant, Arc<Expectation>)>>);

impl<K> Default for KnownShapes<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> KnownShapes<K> {
    /// The shape that these make, if it was found lately.
    pub(super) fn get(&self, applied: &K) -> Option<Arc<Expectation>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (found, shape) = known.get(applied)?;
        (found.elapsed() < FRESH).then(|| Arc::clone(shape))
    }

    /// Keeps the shape that these make.
    pub(super) fn add(&self, applied: K, shape: Arc<Expectation>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (found, _)| found.elapsed() < FRESH);
        known.insert(applied, (Instant::now(), shape));
    }
}
