//! The messages that begin and end a piece of work. Each is one round trip.

use std::sync::LazyLock;

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
        let mut begin = "BEGIN".to_owned();
        if let Some(level) = self.isolation {
            begin += &format!(" ISOLATION LEVEL {level}");
        }
        if self.read_only {
            begin += " READ ONLY";
        }
        begin
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
    let forget: &[&str] = match before {
        Before::Cleared => &[],
        Before::Unknown => &["BEGIN; ", forget(), "; COMMIT; "],
    };
    let unhurried: &[&str] = match how.unhurried {
        true => &["; ", UNHURRIED],
        false => &[],
    };
    let (begin, set_path, check) = (how.begin(), path.set_local(), path.quick_check());
    let begun = [&begin, "; ", &set_path, "; ", &check];
    [&[Mark::Begin.comment()], forget, &begun, unhurried]
        .concat()
        .concat()
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
    end("COMMIT; ", prepared)
}

/// The same, with nothing kept. Where there is no transaction, it has no effect.
pub(super) fn roll_back(prepared: Prepared) -> String {
    end("ROLLBACK; ", prepared)
}

/// Ends a transaction with `command`, and forgets all that the work may have left: also the locks
/// of the session, and the state from which random numbers are made. One statement does both,
/// because that is what costs.
///
/// It is a separate transaction with an explicit isolation level, because the defaults that the
/// work has set still hold, and a serializable transaction could wait for others. The settings are
/// reset first, so that no time-out from the work ends the rest.
fn end(command: &str, prepared: Prepared) -> String {
    let deallocate: &[&str] = match prepared {
        Prepared::No => &[],
        Prepared::Perhaps => &[DEALLOCATE, "; "],
        Prepared::PerhapsDropped => &[DEALLOCATE, "; ", NOT_DROPPED, "; "],
    };
    let begun = [
        Mark::End.comment(),
        command,
        "BEGIN ISOLATION LEVEL READ COMMITTED; ",
        forget(),
        "; ",
    ];
    let seed = seed();
    let rest = [
        "SELECT pg_catalog.pg_advisory_unlock_all(), pg_catalog.setseed(",
        &seed,
        "); COMMIT",
    ];
    [&begun, deallocate, &rest].concat().concat()
}

/// A number between -1 and 1. Its digits are random: to convert a random `f64` to decimal costs
/// more.
fn seed() -> String {
    let digits = rand::random_range(0..100_000_000_000_000_000_u64);
    let sign = if rand::random() { "-" } else { "" };
    format!("{sign}0.{digits:017}")
}

/// Forgets what was prepared by SQL, and none of the driver's statements.
const DEALLOCATE: &str = tenant_path::FORGET_PREPARED;

/// Fails where the statements of the driver were dropped, which goes on using them.
const NOT_DROPPED: &str = "DO $$ BEGIN \
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE NOT from_sql) THEN \
    RAISE EXCEPTION 'diesel tenants: the statements of the driver were dropped'; \
    END IF; END $$";

/// Forgets what others have left. The same text each time, so it is made once.
pub(super) fn forget() -> &'static str {
    static ALL: LazyLock<String> = LazyLock::new(|| format!("{}; {TIME_ZONE}", FORGET.join("; ")));
    &ALL
}
