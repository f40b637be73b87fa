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

/// What a connection may have been used for by others before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing that is still on it: the connection is ours alone, and was cleared when the
    /// work before had ended.
    Cleared,
    /// Anything: there is a pooler, and its server connections are shared.
    Unknown,
}

/// Begins a transaction with its path, and fails unless the path leads to what
/// was meant.
///
/// The first query is sent behind this message, before it is answered. So it
/// begins with a `BEGIN`: whatever of it fails, PostgreSQL refuses the query,
/// because it stands in a transaction that has failed.
pub(super) fn begin_transaction(path: Path<'_>, how: Characteristics, before: Before) -> String {
    let forget = match before {
        Before::Cleared => String::new(),
        Before::Unknown => format!("BEGIN; {}; COMMIT; ", forget()),
    };
    let begun = format!(
        "{}{forget}{}; {}; {}",
        Mark::Begin.comment(),
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

/// What the work may have done to the prepared statements of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prepared {
    No,
    /// It may have added some by SQL.
    Perhaps,
    /// It may also have dropped the driver's, which has some.
    PerhapsDropped,
}

/// Commits a transaction, and leaves nothing that others could meet.
pub(super) fn commit(prepared: Prepared) -> String {
    format!("{}COMMIT; {}", Mark::End.comment(), clear(prepared))
}

/// The same, with nothing kept. Where there is no transaction, it has no effect.
pub(super) fn roll_back(prepared: Prepared) -> String {
    format!("{}ROLLBACK; {}", Mark::End.comment(), clear(prepared))
}

/// Forgets all that the work may have left: also the locks of the session, and the state
/// from which random numbers are made. One statement does both, because that is what costs.
///
/// It is a separate transaction with an explicit isolation level, because the defaults that the
/// work has set still hold, and a serializable transaction could wait for others. The settings are
/// reset first, so that no time-out from the work ends the rest.
fn clear(prepared: Prepared) -> String {
    let seed = rand::random_range(-1.0..1.0_f64);
    let deallocate = match prepared {
        Prepared::No => String::new(),
        Prepared::Perhaps => format!("{DEALLOCATE}; "),
        Prepared::PerhapsDropped => format!("{DEALLOCATE}; {NOT_DROPPED}; "),
    };
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; {}; {deallocate}\
         SELECT pg_catalog.pg_advisory_unlock_all(), pg_catalog.setseed({seed:.17}); COMMIT",
        forget()
    )
}

/// Forgets what was prepared by SQL, and none of the driver's statements.
const DEALLOCATE: &str = tenant_path::FORGET_PREPARED;

/// Fails where the statements of the driver were dropped, which goes on using them.
const NOT_DROPPED: &str = "DO $$ BEGIN \
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE NOT from_sql) THEN \
    RAISE EXCEPTION 'diesel tenants: the statements of the driver were dropped'; \
    END IF; END $$";

/// Forgets what others have left.
pub(super) fn forget() -> String {
    format!("{}; {TIME_ZONE}", FORGET.join("; "))
}
