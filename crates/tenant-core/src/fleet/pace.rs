//! [`Pace`]: how many schemas at a time, and until when.

use std::num::NonZeroUsize;

use super::run::Limits;
use super::stop::Stop;

/// How many schemas a run works on at a time, and until when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace<'a> {
    /// How many connections; the default when `None`.
    pub(crate) jobs: Option<NonZeroUsize>,
    /// After this number of failures, the run starts no further schema.
    pub(crate) max_failures: Option<usize>,
    pub(crate) stop: &'a Stop,
}

impl Pace<'_> {
    /// The limits of a run in which `failed` tenants have failed already.
    pub(crate) fn limits(&self, failed: usize) -> Limits {
        Limits {
            jobs: self.jobs,
            max_failures: self.max_failures,
            failed,
        }
    }

    /// The same without a limit to failures.
    pub(crate) fn whatever_fails(self) -> Self {
        Self {
            max_failures: None,
            ..self
        }
    }
}

impl Default for Pace<'_> {
    fn default() -> Self {
        Self {
            jobs: None,
            max_failures: None,
            stop: Stop::never(),
        }
    }
}
