//! Cuts migrations into batches by how they run. Only this module knows the rule.

use super::settings::TransactionMode;
use super::work::Work;
use crate::Error;
use crate::migration::{Migration, MigrationFile, uses_added_value, validates_what_is_added};

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

/// Where migrations are cut that could share a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nowhere.
    Never,
    /// Where PostgreSQL refuses one transaction for what these files do.
    WhereRefused(MigrationFile),
    /// There, and where one transaction would lock others out for long.
    WhereNeeded(MigrationFile),
    /// Between any two.
    Everywhere,
}

/// Cuts `migrations` into batches, and keeps their order. Adjacent migrations inside a
/// transaction share it unless `cut` says otherwise. A migration outside a transaction is a
/// separate batch.
pub(super) fn batches<'b, 'a>(migrations: &'b [&'a Migration], cut: Cut) -> Vec<Batch<'b, 'a>> {
    let mut batches = Vec::new();
    let mut rest = migrations;
    while let Some(first) = rest.first() {
        let (migrations, others) = rest.split_at(length(rest, cut));
        let mode = Mode::of(first);
        batches.push(Batch { mode, migrations });
        rest = others;
    }
    batches
}

/// How many of `migrations`, which are some, belong to the first batch.
fn length(migrations: &[&Migration], cut: Cut) -> usize {
    let can_follow = |count: &usize| {
        let (earlier, others) = migrations.split_at(*count);
        let is_inside = |one: &&Migration| Mode::of(one) == Mode::Together;
        let (Some(next), true) = (others.first(), earlier.iter().all(is_inside)) else {
            return false;
        };
        let share = match cut {
            Cut::Never => true,
            Cut::WhereRefused(file) => !uses_added_value(earlier, next, file),
            Cut::WhereNeeded(file) => {
                !uses_added_value(earlier, next, file)
                    && !validates_what_is_added(earlier, next, file)
            }
            Cut::Everywhere => false,
        };
        share && is_inside(next)
    };
    1 + (1..migrations.len()).take_while(can_follow).count()
}

/// The same where one transaction is meant for all, unless the settings of `work` mean one
/// for each.
///
/// # Errors
///
/// That the database cannot be asked.
pub(super) async fn batches_of<'b, 'a>(
    work: Work<'_>,
    cut: Cut,
    migrations: &'b [&'a Migration],
) -> Result<Vec<Batch<'b, 'a>>, Error> {
    if work.settings.transaction == TransactionMode::Migration {
        return Ok(batches(migrations, Cut::Everywhere));
    }
    let together = batches(migrations, Cut::Never);
    let cut = batches(migrations, cut);
    // Behind a pooler no lock can be kept from one transaction to the next.
    if cut.len() > together.len() && work.database.is_direct().await? {
        Ok(cut)
    } else {
        Ok(together)
    }
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
            fs::write(
                one.join("up.sql"),
                format!("DROP TABLE up_{number};\nDROP TABLE on_{number};"),
            )
            .unwrap();
            fs::write(one.join("down.sql"), format!("DROP TABLE down_{number};")).unwrap();
            if *mode == Mode::Outside {
                fs::write(one.join("metadata.toml"), "run_in_transaction = false").unwrap();
            }
        }
        let source = FileBasedMigrations::from_path(folder.path()).unwrap();
        MigrationSet::from_source(&source).unwrap()
    }

    /// The batches of migrations that are written `t` for together and `o` for outside.
    fn cut(text: &str, how: Cut) -> String {
        let modes = text.chars().map(|one| match one {
            't' => Mode::Together,
            _ => Mode::Outside,
        });
        let set = made_up(&modes.collect::<Vec<_>>());
        let migrations = set.iter().collect::<Vec<_>>();
        let batches = batches(&migrations, how);
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
            assert_eq!(cut(migrations, Cut::Never), batches, "{migrations}");
        }
    }

    #[test]
    fn each_one_is_alone_where_each_has_a_transaction() {
        for (migrations, batches) in [("ttt", "t|t|t"), ("otto", "|o|t|t|o")] {
            assert_eq!(cut(migrations, Cut::Everywhere), batches, "{migrations}");
        }
    }

    #[test]
    fn the_first_one_outside_is_found_wherever_it_stands() {
        let set = made_up(&[Mode::Together, Mode::Outside, Mode::Outside]);
        let migrations = set.iter().collect::<Vec<_>>();
        let found =
            first_outside(&batches(&migrations, Cut::Never)).map(|one| one.version().as_str());
        assert_eq!(found, Some("20260202000000"));
        assert!(first_outside(&batches(&migrations[..1], Cut::Never)).is_none());
    }
}
