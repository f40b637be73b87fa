//! [`Clearing`]: the message that removes what a connection's last user left.

use sql_text::literal;

/// The statements that reset what a session has set, opened or created: roles, settings, cursors,
/// channels, temporary tables, last values of sequences. The first two reset roles.
///
/// You can repeat each statement, and it has no effect if there is nothing to reset. `DISCARD ALL`
/// does the same and more. However, it cannot be part of a message with several statements, and it
/// drops prepared statements that the driver still uses.
pub const FORGET: &[&str] = &[
    "RESET SESSION AUTHORIZATION",
    "RESET ROLE",
    "RESET ALL",
    "CLOSE ALL",
    "UNLISTEN *",
    "DISCARD TEMP",
    "DISCARD SEQUENCES",
];

/// The statement that drops statements prepared by SQL, but none of the driver's.
pub const FORGET_PREPARED: &str = "DO $$ DECLARE prepared text; BEGIN \
    FOR prepared IN SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql LOOP \
    EXECUTE pg_catalog.format('DEALLOCATE %I', prepared); END LOOP; END $$";

/// Ends an open transaction. Without one it has no effect and leaves no warning in the
/// server's log, as `ROLLBACK` alone would. In a failed transaction it fails, and the
/// connection is given away.
const NO_TRANSACTION: &str = "BEGIN; ROLLBACK";

/// The locks of the session, and the state from which random numbers are made. One statement
/// does both.
const LOCKS_AND_SEED: &str = "SELECT pg_catalog.pg_advisory_unlock_all(), \
    pg_catalog.setseed(pg_catalog.hashtext(pg_catalog.gen_random_uuid()::text) / 2147483648.0)";

/// Fails if the session listens to a channel. Sent before the message on connections whose
/// driver keeps notifications for the next user in a place that is not known here.
#[cfg(feature = "r2d2")]
const NO_CHANNEL: &str = "SELECT CAST(CASE WHEN EXISTS (SELECT FROM \
    pg_catalog.pg_listening_channels()) THEN 'tenant-path: the session listens' ELSE '1' END AS int)";

/// What Diesel sets when it connects. `RESET ALL` resets both.
const DIESELS: [(&str, &str); 2] = [("TimeZone", "UTC"), ("client_encoding", "UTF8")];

/// Removes what a connection's last user left: an open transaction, roles, settings, cursors,
/// `LISTEN`, temporary tables, statements prepared by SQL, advisory locks, the seed of
/// `random()`.
///
/// It does not remove loaded libraries, or the memory of extensions, such as connections of
/// `dblink`. It also does not restore a statement that was dropped although the driver uses it
/// (`DEALLOCATE ALL`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clearing {
    settings: Vec<(String, String)>,
}

impl Clearing {
    /// Resets every setting to the value of the role and the database, and the time zone and the
    /// encoding to the values that Diesel expects.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `setting` to `value` after the reset, such as `statement_timeout` to `5s`. Add the
    /// settings that your pool sets when it connects.
    #[must_use]
    pub fn with_setting(mut self, setting: &str, value: &str) -> Self {
        self.settings.push((setting.to_owned(), value.to_owned()));
        self
    }

    /// Returns the message. It has several statements and its own transaction, so send it with
    /// `batch_execute`, outside a transaction. After an error, close the connection.
    #[must_use]
    pub fn message(&self) -> String {
        // The settings go first, so that no time-out of the last user ends the rest. The
        // isolation is named, because a serializable transaction could wait for others.
        let again = DIESELS.into_iter().map(|(name, value)| set(name, value));
        let own = self.settings.iter().map(|(name, value)| set(name, value));
        let again = again.chain(own).collect::<Vec<_>>().join(", ");
        let forget = FORGET.join("; ");
        format!(
            "{NO_TRANSACTION}; BEGIN ISOLATION LEVEL READ COMMITTED; {forget}; SELECT {again}; \
             {FORGET_PREPARED}; {LOCKS_AND_SEED}; COMMIT"
        )
    }

    /// The same for a connection that must be closed if it listens to a channel.
    #[cfg(feature = "r2d2")]
    pub(crate) fn unless_listening(message: &str) -> String {
        format!("{NO_CHANNEL}; {message}")
    }
}

fn set(name: &str, value: &str) -> String {
    format!(
        "pg_catalog.set_config({}, {}, false)",
        literal(name),
        literal(value)
    )
}
