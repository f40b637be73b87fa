//! Spare schemas: how many there are, and what came of keeping them.

use std::time::Duration;

use super::Outcome;

/// How many spare schemas there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpareCount {
    /// Up to date, to be taken by the next tenants.
    pub ready: usize,
    /// They lack migrations of this program.
    pub behind: usize,
    /// They have migrations that this program does not have: spares of a newer one.
    pub ahead: usize,
    /// Others: not readable, without a schema, or no spares at all.
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
    /// How many there are of a newer program, which were left alone. A run that keeps none
    /// drops them.
    pub ahead: usize,
    /// How long it took.
    pub duration: Duration,
}
