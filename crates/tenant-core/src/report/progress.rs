//! What a call tells while it runs.

use super::Outcome;

/// The progress of a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// The run has counted the tenants that need a change.
    Planned {
        /// How many.
        behind: usize,
    },
    /// One of them has ended.
    Ended(&'a Outcome),
}

/// The progress of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MoveProgress {
    /// The current step, as Citus names it: `Copying Data`, `Catching Up`.
    pub step: String,
    /// How many bytes are copied.
    pub copied: u64,
    /// How many bytes there are to copy.
    pub total: u64,
}

impl MoveProgress {
    /// Creates the value: a step, the copied bytes, and the total. For tests of programs that show
    /// progress.
    #[must_use]
    pub fn new(step: impl Into<String>, copied: u64, total: u64) -> Self {
        Self {
            step: step.into(),
            copied,
            total,
        }
    }
}
