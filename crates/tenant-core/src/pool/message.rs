//! The messages that begin and end a piece of work. Each is one round trip.

use super::opening::Isolation;
use crate::forget::FORGET;
use crate::path::Path;

/// Diesel sets this for each connection, and what forgets settings forgets it.
const TIME_ZONE: &str = "TIME ZONE 'UTC'";

/// How a transaction differs from what the server does by itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Characteristics {
    pub(super) isolation: Option<Isolation>,
    pub(super) read_only: bool,
}

impl Characteristics {
    fn begin(self) -> String {
        let read_only = if self.read_only { " READ ONLY" } else { "" };
        match self.isolation {
            None => format!("BEGIN{read_only}"),
            // What forgets counts as a query, and after one the isolation is fixed.
            Some(isolation) => format!("COMMIT; BEGIN ISOLATION LEVEL {isolation}{read_only}"),
        }
    }
}

/// Begins a transaction with its path, and fails unless the path leads to what
/// was meant.
pub(super) fn begin_transaction(path: Path<'_>, how: Characteristics) -> String {
    let first = if how.isolation.is_some() {
        "BEGIN; "
    } else {
        ""
    };
    format!(
        "{first}{}; {}; SET LOCAL {TIME_ZONE}; {}; {}",
        FORGET.join("; "),
        how.begin(),
        path.set_local(),
        path.check()
    )
}

/// Forgets what others have left, before a question of the pool's own.
pub(super) fn before_question() -> String {
    FORGET.join("; ")
}

/// Sets the path of a session, and fails as above.
pub(super) fn begin_session(path: Path<'_>) -> String {
    format!(
        "{}; SET {TIME_ZONE}; {}; {}",
        FORGET.join("; "),
        path.set_session(),
        path.check()
    )
}

/// Forgets what a session has left, its locks among it.
pub(super) fn leave_session() -> String {
    format!(
        "SELECT pg_catalog.pg_advisory_unlock_all(); {}; SET {TIME_ZONE}",
        FORGET.join("; ")
    )
}
