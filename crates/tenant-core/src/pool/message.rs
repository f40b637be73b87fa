//! The messages that begin and end a piece of work. Each is one round trip.

use super::opening::Isolation;
use crate::link::{FORGET, Mark};
use crate::path::Path;

/// Diesel sets this for each connection, and what forgets settings forgets it.
const TIME_ZONE: &str = "SET TIME ZONE 'UTC'";

/// How a transaction differs from what the server does by itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Characteristics {
    pub(super) isolation: Option<Isolation>,
    pub(super) read_only: bool,
    pub(super) unhurried: bool,
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
    let begun = format!(
        "{}BEGIN; {}; COMMIT; {}; {}; {}",
        Mark::Begin.comment(),
        forget(),
        how.begin(),
        path.set_local(),
        path.quick_check()
    );
    match how.unhurried {
        true => format!("{begun}; {UNHURRIED}"),
        false => begun,
    }
}

/// What ends a session that waits in a transaction, or a transaction that takes long, for
/// the rest of the transaction: versions of PostgreSQL differ in what they have.
const UNHURRIED: &str = "SELECT pg_catalog.set_config(name, '0', true) FROM pg_catalog.pg_settings \
    WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')";

/// Sets the path of a session, and fails as above.
pub(super) fn begin_session(path: Path<'_>) -> String {
    format!("{}; {}; {}", forget(), path.set_session(), path.check())
}

/// Commits a transaction, and leaves nothing that others could meet. `has_prepared` says
/// whether there may be statements that were prepared by SQL.
pub(super) fn commit(has_prepared: bool) -> String {
    format!("{}COMMIT; {}", Mark::End.comment(), clear(has_prepared))
}

/// The same, with nothing kept. Where there is no transaction, it has no effect.
pub(super) fn roll_back(has_prepared: bool) -> String {
    format!("{}ROLLBACK; {}", Mark::End.comment(), clear(has_prepared))
}

/// Forgets what a session has left as well.
pub(super) fn leave_session(has_prepared: bool) -> String {
    format!("{}; {}", roll_back(has_prepared), forget())
}

/// Clears what would have an effect on others before the connection is used again, or
/// what [`forget`] does not reach: locks of the session, and the state from which random
/// numbers are made. One statement does both, because that is what costs.
fn clear(has_prepared: bool) -> String {
    let seed = rand::random_range(-1.0..1.0_f64);
    let always =
        format!("SELECT pg_catalog.pg_advisory_unlock_all(), pg_catalog.setseed({seed:.17})");
    match has_prepared {
        true => format!("{always}; {DEALLOCATE}"),
        false => always,
    }
}

/// Forgets what was prepared by SQL, and none of the driver's statements.
const DEALLOCATE: &str = "DO $$ DECLARE prepared text; BEGIN \
    FOR prepared IN SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql LOOP \
    EXECUTE pg_catalog.format('DEALLOCATE %I', prepared); END LOOP; END $$";

/// Forgets what others have left.
pub(super) fn forget() -> String {
    format!("{}; {TIME_ZONE}", FORGET.join("; "))
}
