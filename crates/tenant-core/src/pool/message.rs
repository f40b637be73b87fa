//! The messages that begin and end a piece of work. Each is one round trip.

use super::opening::Isolation;
use crate::link::FORGET;
use crate::path::Path;

/// Diesel sets this for each connection, and what forgets settings forgets it.
const TIME_ZONE: &str = "SET TIME ZONE 'UTC'";

/// How a transaction differs from what the server does by itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Characteristics {
    pub(super) isolation: Option<Isolation>,
    pub(super) read_only: bool,
}

impl Characteristics {
    fn begin(self) -> String {
        let isolation = self
            .isolation
            .map(|level| format!(" ISOLATION LEVEL {level}"));
        let read_only = if self.read_only { " READ ONLY" } else { "" };
        format!("BEGIN{}{read_only}", isolation.unwrap_or_default())
    }
}

/// Begins a transaction with its path, and fails unless the path leads to what
/// was meant.
///
/// The first query is sent behind this message, before it is answered. So it
/// begins with a `BEGIN`: whatever of it fails, PostgreSQL refuses the query,
/// because it stands in a transaction that has failed.
pub(super) fn begin_transaction(path: Path<'_>, how: Characteristics) -> String {
    format!(
        "BEGIN; {}; COMMIT; {}; {}; {}",
        forget(),
        how.begin(),
        path.set_local(),
        path.quick_check()
    )
}

/// Sets the path of a session, and fails as above.
pub(super) fn begin_session(path: Path<'_>) -> String {
    format!("{}; {}; {}", forget(), path.set_session(), path.check())
}

/// Forgets what a session has left, its locks among it.
pub(super) fn leave_session() -> String {
    format!("SELECT pg_catalog.pg_advisory_unlock_all(); {}", forget())
}

/// Forgets what others have left.
pub(super) fn forget() -> String {
    format!("{}; {TIME_ZONE}", FORGET.join("; "))
}
