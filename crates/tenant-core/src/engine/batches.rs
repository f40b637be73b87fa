//! Cuts migrations into batches by how they run. Nobody else knows the rule.

use crate::migration::Migration;

/// How the migrations of a batch run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// In one transaction, all of them.
    Together,
    /// Outside a transaction, as Diesel's `metadata.toml` asks for: one message for each
    /// statement.
    Outside,
}

impl Mode {
    fn of(migration: &Migration) -> Self {
        if migration.in_transaction() {
            Self::Together
        } else {
            Self::Outside
        }
    }
}

/// Migrations that run in the same way, one after the other.
#[derive(Debug)]
pub(super) struct Batch<'b, 'a> {
    pub(super) mode: Mode,
    /// At least one.
    pub(super) migrations: &'b [&'a Migration],
}

/// Cuts `migrations` into batches, and keeps their order: neighbors inside a transaction
/// share it, one outside is a batch of its own.
pub(super) fn batches<'b, 'a>(migrations: &'b [&'a Migration]) -> Vec<Batch<'b, 'a>> {
    let share = |one: &&Migration, next: &&Migration| {
        Mode::of(one) == Mode::Together && Mode::of(next) == Mode::Together
    };
    let cut = migrations.chunk_by(share);
    let batches = cut.filter_map(|migrations| {
        let mode = Mode::of(migrations.first()?);
        Some(Batch { mode, migrations })
    });
    batches.collect()
}

/// The migrations that share the transaction which is open already or which makes the
/// schema, none where the first one runs outside; and the batches after it.
pub(super) fn split_first<'s, 'b, 'a>(
    batches: &'s [Batch<'b, 'a>],
) -> (&'b [&'a Migration], &'s [Batch<'b, 'a>]) {
    match batches {
        [first, rest @ ..] if first.mode == Mode::Together => (first.migrations, rest),
        rest => (&[], rest),
    }
}

/// The first migration that runs outside a transaction.
pub(super) fn first_outside<'a>(batches: &[Batch<'_, 'a>]) -> Option<&'a Migration> {
    let outside = batches.iter().find(|batch| batch.mode == Mode::Outside)?;
    outside.migrations.first().copied()
}
