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

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use diesel_migrations::FileBasedMigrations;
    use tempfile::TempDir;

    use super::*;
    use crate::migration::MigrationSet;

    /// A migration for each of `modes`, with two statements to apply and one to revert.
    pub(in crate::engine) fn made_up(modes: &[Mode]) -> MigrationSet {
        let folder = TempDir::new().unwrap();
        for (number, mode) in modes.iter().enumerate() {
            let one = folder
                .path()
                .join(format!("2026-02-{:02}-000000_step", number + 1));
            fs::create_dir(&one).unwrap();
            fs::write(one.join("up.sql"), format!("UP {number};\nON {number};")).unwrap();
            fs::write(one.join("down.sql"), format!("DOWN {number};")).unwrap();
            if *mode == Mode::Outside {
                fs::write(one.join("metadata.toml"), "run_in_transaction = false").unwrap();
            }
        }
        let source = FileBasedMigrations::from_path(folder.path()).unwrap();
        MigrationSet::from_source(&source).unwrap()
    }

    /// The batches of migrations that are written `t` for together and `o` for outside.
    fn cut(text: &str) -> String {
        let modes = text.chars().map(|one| match one {
            't' => Mode::Together,
            _ => Mode::Outside,
        });
        let set = made_up(&modes.collect::<Vec<_>>());
        let migrations = set.iter().collect::<Vec<_>>();
        let batches = batches(&migrations);
        let (first, rest) = split_first(&batches);
        let rest = rest.iter().map(|batch| match batch.mode {
            Mode::Together => "t".repeat(batch.migrations.len()),
            Mode::Outside => "o".repeat(batch.migrations.len()),
        });
        let all = std::iter::once("t".repeat(first.len())).chain(rest);
        all.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn neighbors_inside_share_a_transaction_and_each_one_outside_is_alone() {
        for (migrations, batches) in [
            ("", ""),
            ("ttt", "ttt"),
            ("o", "|o"),
            ("ott", "|o|tt"),
            ("tto", "tt|o"),
            ("toott", "t|o|o|tt"),
        ] {
            assert_eq!(cut(migrations), batches, "{migrations}");
        }
    }

    #[test]
    fn the_first_one_outside_is_found_wherever_it_stands() {
        let set = made_up(&[Mode::Together, Mode::Outside, Mode::Outside]);
        let migrations = set.iter().collect::<Vec<_>>();
        let found = first_outside(&batches(&migrations)).map(|one| one.version().as_str());
        assert_eq!(found, Some("20260202000000"));
        assert!(first_outside(&batches(&migrations[..1])).is_none());
    }
}
