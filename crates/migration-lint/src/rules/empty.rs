//! `empty-up` and `missing-down`: texts without any statement.

use crate::finding::Found;
use crate::lint::{Direction, SqlText};
use crate::text::{Masked, statements};

/// What is said of a migration that cannot be reverted.
const REVERT: &str = "Write the statements that undo up.sql. If nothing can undo it, say so in \
                      the file.\n-- lint:ignore missing-down REASON";

pub(super) fn check(sql: &SqlText<'_>, masked: &Masked) -> Option<Found> {
    if !statements(&masked.sql).is_empty() || !masked.commands.is_empty() {
        return None;
    }
    Some(match sql.direction {
        Direction::Up => Found::new(0, "empty-up", "up.sql has no statement, so nothing runs")
            .hint("Write a statement, or delete the migration's folder."),
        Direction::Down => Found::new(
            0,
            "missing-down",
            "down.sql has no statement, so the migration cannot be rolled back",
        )
        .hint(REVERT),
    })
}

/// The finding about a migration that has no `down.sql` at all.
pub(crate) fn no_down_file() -> Found {
    let message = "down.sql is missing, so the migration cannot be rolled back";
    Found::new(0, "missing-down", message).hint(REVERT)
}
