//! What a call tells while it runs.

use super::Outcome;

/// What a run tells while it goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// It is known how many tenants have something to do.
    Planned {
        /// How many.
        behind: usize,
    },
    /// One of them has ended.
    Ended(&'a Outcome),
}

/// How far a move is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MoveProgress {
    /// What is being done, in Citus' words: `Copying Data`, `Catching Up`.
    pub step: String,
    /// What is there already, in bytes.
    pub copied: u64,
    /// What there is to copy, in bytes.
    pub total: u64,
}

impl MoveProgress {
    /// A step, and how many bytes of all are copied. For the tests of a program that shows
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
