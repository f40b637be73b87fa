//! Spare schemas: how many there are, and what came of keeping them.

use std::time::Duration;

use super::Outcome;

/// How many spare schemas there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpareCount {
    /// Up to date, to be taken by the next tenants.
    pub ready: usize,
    /// Others: behind, or not readable.
    pub other: usize,
}

/// What came of keeping spare schemas.
#[derive(Debug)]
#[non_exhaustive]
pub struct SpareReport {
    /// One for each that something was done with, by name: created, migrated,
    /// dropped or failed.
    pub outcomes: Vec<Outcome>,
    /// How many are ready now.
    pub ready: usize,
    /// How long it took.
    pub duration: Duration,
}
