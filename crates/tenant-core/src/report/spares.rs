//! Spare schemas: how many there are, and what came of keeping them.

use std::time::Duration;

use super::Outcome;

/// The number of spares, by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SpareCount {
    /// Up to date and ready for new tenants.
    pub ready: usize,
    /// Behind: they have pending migrations.
    pub behind: usize,
    /// Ahead: they have migrations of a newer program.
    pub ahead: usize,
    /// Outdated: a migration was edited after they were built, or a baseline replaced their
    /// migrations. They are not used, and keeping spares replaces them.
    pub outdated: usize,
    /// Others: unreadable, without a schema, or not created as spares.
    pub other: usize,
}

/// The result of keeping spares.
#[derive(Debug)]
#[non_exhaustive]
pub struct SpareReport {
    /// One for each spare that the run handled, by name: created, migrated, dropped or failed.
    pub outcomes: Vec<Outcome>,
    /// How many are ready.
    pub ready: usize,
    /// How many belong to a newer or another program. They were not changed.
    pub ahead: usize,
    /// The names of these spares.
    pub left_alone: Vec<String>,
    /// How long it took.
    pub duration: Duration,
}
