//! The settings of the engine's sessions that neither the server, nor the role, nor the
//! database may decide.
//!
//! The session is Diesel's: `TimeZone` is set because Diesel sets it at connect (the
//! driver does the same with `client_encoding`). What changes the meaning of SQL and
//! Diesel leaves alone stays as it is, because Diesel's result has it too. The rest of
//! this list only decides whether something runs, or how definitions are read.
//!
//! On a direct connection they are startup options. These win over role and database,
//! and `RESET ALL` returns to them, so they cost nothing per tenant. A pooler refuses
//! such options or leaves them out. Behind it, and for the other servers of a cluster,
//! each transaction sets what counts inside it.

use std::sync::Arc;

use sql_text::literal;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;
use tokio_postgres::{Client, Connection};

use super::notices::{Notices, drive};

/// A pinned setting.
struct Pin {
    name: &'static str,
    value: &'static str,
    /// The first version of PostgreSQL that has it. All supported ones when 0.
    since: u32,
    reach: Reach,
}

/// Where it counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Not inside a transaction: that it ends, or each `BEGIN` says it.
    Session,
    /// Inside a transaction.
    Transaction,
    /// The same, on the other servers of a cluster too.
    Servers,
}

const fn pin(name: &'static str, value: &'static str, since: u32, reach: Reach) -> Pin {
    Pin {
        name,
        value,
        since,
        reach,
    }
}

/// All but the time-outs that the caller chooses.
const PINS: [Pin; 11] = [
    // Diesel sets it at connect: literals, casts, partition bounds and defaults.
    pin("TimeZone", "UTC", 0, Reach::Servers),
    // Without these no migration runs, or it sees what others commit differently.
    pin("default_transaction_read_only", "off", 0, Reach::Session),
    pin(
        "default_transaction_isolation",
        "read committed",
        0,
        Reach::Session,
    ),
    pin("default_transaction_deferrable", "off", 0, Reach::Session),
    // PostgreSQL refuses instead of leaving out rows that a policy hides.
    pin("row_security", "off", 0, Reach::Servers),
    // Names in definitions are read as they are written elsewhere.
    pin("quote_all_identifiers", "off", 0, Reach::Transaction),
    // What migrations say is heard.
    pin("client_min_messages", "notice", 0, Reach::Transaction),
    // A session that waits for us is not ended, nor one in which something failed.
    pin("exit_on_error", "off", 0, Reach::Transaction),
    pin(
        "idle_in_transaction_session_timeout",
        "0",
        0,
        Reach::Transaction,
    ),
    pin("idle_session_timeout", "0", 14, Reach::Session),
    // A migration may take as long as its statements may.
    pin("transaction_timeout", "0", 17, Reach::Transaction),
];

/// The settings that only newer versions have, and that can be other than 0: a question
/// with one row. The first connection is opened before the version is known.
pub(super) const NEWER: &str = "coalesce(pg_catalog.current_setting('idle_session_timeout', true), '0') = '0' \
     AND coalesce(pg_catalog.current_setting('transaction_timeout', true), '0') = '0'";

/// The time-outs that the caller chooses, in ms; 0 for none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) lock: i32,
    pub(crate) statement: i32,
}

impl Limits {
    fn pins(self) -> [(&'static str, String); 2] {
        [
            ("lock_timeout", self.lock.to_string()),
            ("statement_timeout", self.statement.to_string()),
        ]
    }
}

/// How a session's settings are pinned.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pinned {
    /// Whether by options, so that no transaction needs to set them.
    by_options: bool,
    /// The major version of the server, where it says one.
    version: u32,
}

impl Pinned {
    pub(super) fn new(by_options: bool, version: u32) -> Self {
        Self {
            by_options,
            version,
        }
    }

    /// The settings that a transaction must set: everything that counts inside it, or only what
    /// the other nodes of a cluster need to know. `set` is `SET LOCAL` or `SET`.
    pub(crate) fn statements(self, set: &str, limits: Limits, is_cluster: bool) -> Vec<String> {
        let is_wanted = |reach: Reach| match reach {
            Reach::Session => false,
            Reach::Transaction => !self.by_options,
            Reach::Servers => !self.by_options || is_cluster,
        };
        let pins = PINS.iter().filter(|pin| is_wanted(pin.reach));
        let pins = pins.filter(|pin| pin.since <= self.version);
        let pins = pins.map(|pin| (pin.name, pin.value.to_owned()));
        let limits = limits
            .pins()
            .into_iter()
            .filter(|_| is_wanted(Reach::Servers));
        let all = pins.chain(limits);
        all.map(|(name, value)| format!("{set} {name} = {}", literal(&value)))
            .collect()
    }
}

/// The startup options of the URL, with `settings` behind them.
pub(super) fn carrying(own: Option<&str>, settings: &[(String, String)]) -> String {
    let mut options = own.unwrap_or_default().to_owned();
    for (name, value) in settings {
        add(&mut options, name, value);
    }
    options
}

/// The startup options, behind those that there are. `version` is 0 while it is not known.
pub(super) fn options(own: &str, version: u32, limits: Limits) -> String {
    let mut options = own.to_owned();
    let pins = PINS.iter().filter(|pin| pin.since <= version);
    let pins = pins.map(|pin| (pin.name, pin.value.to_owned()));
    for (name, value) in pins.chain(limits.pins()) {
        add(&mut options, name, &value);
    }
    options.trim_start().to_owned()
}

/// The startup options with those that keep a session open while it has nothing to do.
pub(super) fn unhurried(own: &str, version: u32) -> String {
    let mut options = own.to_owned();
    let is_of_time = |pin: &&Pin| pin.name.ends_with("_timeout") && pin.since <= version;
    for pin in PINS.iter().filter(is_of_time) {
        add(&mut options, pin.name, pin.value);
    }
    options.trim_start().to_owned()
}

/// Source: PostgreSQL manual, "libpq: options": a backslash comes before a space, which is
/// whatever `isspace` of C takes for one.
fn add(options: &mut String, name: &str, value: &str) {
    options.extend([" -c ", name, "="]);
    for letter in value.chars() {
        if letter == '\\' || letter.is_ascii_whitespace() || letter == '\u{b}' {
            options.push('\\');
        }
        options.push(letter);
    }
}

/// A connection, and what the server said when it began.
pub(super) struct Greeted {
    pub(super) client: Client,
    /// The major version; 0 where it is not said.
    pub(super) version: u32,
    /// Whether a backslash in `'...'` is a character like others.
    pub(super) has_standard_strings: bool,
    /// What it says beside its answers.
    pub(super) notices: Arc<Notices>,
    /// What drives the connection.
    pub(super) task: AbortHandle,
}

impl Greeted {
    /// Runs `connection` until its client is dropped. Its errors reach the client's calls.
    pub(super) fn start<S, T>(client: Client, connection: Connection<S, T>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let version = connection.parameter("server_version").unwrap_or_default();
        let version = major(version);
        let strings = connection.parameter("standard_conforming_strings");
        let has_standard_strings = strings != Some("off");
        let (notices, task) = drive(connection);
        Self {
            client,
            version,
            has_standard_strings,
            notices,
            task,
        }
    }
}

/// Of `15.20 (Debian 15.20-1)`, `17beta1` and the like.
fn major(version: &str) -> u32 {
    let end = version.find(|letter: char| !letter.is_ascii_digit());
    let digits = version.get(..end.unwrap_or(version.len()));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        lock: 5000,
        statement: 0,
    };

    #[test]
    fn options_come_behind_those_of_the_url_and_a_space_is_escaped() {
        let options = options("-c geqo=off", 0, LIMITS);
        assert!(
            options.starts_with("-c geqo=off -c TimeZone=UTC -c "),
            "{options}"
        );
        assert!(options.contains(" -c default_transaction_isolation=read\\ committed "));
        assert!(options.ends_with(" -c lock_timeout=5000 -c statement_timeout=0"));
    }

    #[test]
    fn what_is_carried_comes_behind_the_urls_own_whatever_is_in_it() {
        let settings = [("my.x".to_owned(), "a b\\c\nd".to_owned())];
        let options = carrying(Some("-c geqo=off"), &settings);
        assert_eq!(options, "-c geqo=off -c my.x=a\\ b\\\\c\\\nd");
        assert_eq!(carrying(None, &[]), "");
    }

    #[test]
    fn a_setting_is_only_given_to_servers_that_have_it() {
        for (version, newer) in [(0, 0), (13, 0), (14, 1), (16, 1), (17, 2), (18, 2)] {
            let options = options("", version, LIMITS);
            let given = ["idle_session_timeout", "transaction_timeout"];
            let given = given
                .iter()
                .filter(|name| options.contains(&format!(" {name}=")));
            assert_eq!(given.count(), newer, "{version}: {options}");
        }
    }

    #[test]
    fn a_session_with_options_sets_nothing_and_another_all_that_counts_inside() {
        let none = Pinned::new(true, 15).statements("SET LOCAL", LIMITS, false);
        assert_eq!(none, [""; 0]);
        let all = Pinned::new(false, 15).statements("SET LOCAL", LIMITS, false);
        assert_eq!(
            all,
            [
                "SET LOCAL TimeZone = 'UTC'",
                "SET LOCAL row_security = 'off'",
                "SET LOCAL quote_all_identifiers = 'off'",
                "SET LOCAL client_min_messages = 'notice'",
                "SET LOCAL exit_on_error = 'off'",
                "SET LOCAL idle_in_transaction_session_timeout = '0'",
                "SET LOCAL lock_timeout = '5000'",
                "SET LOCAL statement_timeout = '0'",
            ]
        );
        let newer = Pinned::new(false, 17).statements("SET LOCAL", LIMITS, false);
        assert!(newer.contains(&"SET LOCAL transaction_timeout = '0'".to_owned()));
    }

    #[test]
    fn the_other_servers_of_a_cluster_hear_of_what_counts_there() {
        let carried = Pinned::new(true, 17).statements("SET LOCAL", LIMITS, true);
        assert_eq!(
            carried,
            [
                "SET LOCAL TimeZone = 'UTC'",
                "SET LOCAL row_security = 'off'",
                "SET LOCAL lock_timeout = '5000'",
                "SET LOCAL statement_timeout = '0'",
            ]
        );
    }

    #[test]
    fn the_version_is_read_in_each_form_that_servers_write() {
        for (text, version) in [
            ("15.20 (Debian 15.20-1.pgdg120+1)", 15),
            ("17beta1", 17),
            ("18", 18),
            ("", 0),
            ("unknown", 0),
        ] {
            assert_eq!(major(text), version, "{text}");
        }
    }
}
