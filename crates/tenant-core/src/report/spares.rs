//! Spare schemas: how many there are, and what came of keeping them.

use std::time::Duration;

use super::Outcome;

/// How many spare schemas there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SpareCount {
    /// Up to date, to be taken by the next tenants.
    pub ready: usize,
    /// They lack migrations of this program.
    pub behind: usize,
    /// They have migrations that this program does not have: spares of a newer one.
    pub ahead: usize,
    /// They are never taken: a migration was edited after they were built, or a baseline has
    /// replaced their migrations. Keeping spares replaces them.
    pub outdated: usize,
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
    /// How many there are of a newer program or of another one, which were left alone.
    pub ahead: usize,
    /// What these are called, by name.
    pub left_alone: Vec<String>,
    /// How long it took.
    pub duration: Duration,
}
