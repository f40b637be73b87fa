//! [`PgError`]: what PostgreSQL, or the way to it, said.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use tokio_postgres::error::{DbError, ErrorPosition};

use crate::assertion::Assertion;
use crate::link::{LockHolder, held_by, in_words};
use crate::made_up::{MadeUp, TRIAL};

/// An error of the server or of the connection, in PostgreSQL's words.
///
/// `Display` writes the whole message: text, SQLSTATE, detail and hint, and the sessions that held
/// the lock.
#[derive(Debug)]
pub struct PgError {
    cause: Arc<Cause>,
    holders: Vec<LockHolder>,
    /// Whether statements were bounded by our own time-out.
    is_bounded: bool,
}

/// A [`PgError`] in parts, for a program that shows each part in a separate place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PgErrorParts {
    /// The message with its SQLSTATE, and the detail behind a colon. Without a server that
    /// spoke, the whole text.
    pub text: String,
    /// The server's own hint.
    pub hint: Option<String>,
    /// Where the server was, innermost first: a line for each function and statement.
    pub context: Vec<String>,
    /// The sessions that held the lock, in words, if any is known.
    pub held_by: Option<String>,
}

#[derive(Debug)]
enum Cause {
    Driver(tokio_postgres::Error),
    Text(String),
    /// The cause of a trial's error. Its names are not shown.
    OfTrial(Arc<Self>, MadeUp),
}

impl Cause {
    /// It without what it comes from.
    fn alone(&self) -> &Self {
        match self {
            Self::OfTrial(cause, _) => cause.alone(),
            cause => cause,
        }
    }

    /// A text of it as it is shown.
    fn shown<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self {
            Self::OfTrial(_, made_up) => made_up.hidden_in(text, TRIAL),
            _ => Cow::Borrowed(text),
        }
    }
}

impl PgError {
    /// Keeps the text of an error that nothing else is known of: Diesel has taken it
    /// apart, or it is the operating system's.
    pub(crate) fn from_text(error: impl fmt::Display) -> Self {
        Cause::Text(error.to_string()).into()
    }

    /// The same once more: for others whom it is about as well.
    pub(crate) fn again(&self) -> Self {
        Self {
            cause: Arc::clone(&self.cause),
            holders: self.holders.clone(),
            is_bounded: self.is_bounded,
        }
    }

    /// Returns the sessions that held the lock, as far as known.
    #[must_use]
    pub fn holders(&self) -> &[LockHolder] {
        &self.holders
    }

    /// The same with those who held the lock, if the error is about one.
    pub(crate) fn held_by(mut self, holders: Vec<LockHolder>) -> Self {
        if self.sqlstate() == Some("55P03") {
            self.holders = holders;
        }
        self
    }

    /// The same of a statement that our own time-out bounded, or did not.
    pub(crate) fn bounded(mut self, is_bounded: bool) -> Self {
        self.is_bounded = is_bounded;
        self
    }

    /// The same of a trial under these names.
    pub(crate) fn of_trial(mut self, made_up: &MadeUp) -> Self {
        self.cause = Arc::new(Cause::OfTrial(self.cause, made_up.clone()));
        self
    }

    /// Whether the statement was canceled although no time-out of ours bounded it: by
    /// another session, or by a time-out that a migration sets.
    pub(crate) fn is_canceled_by_others(&self) -> bool {
        self.sqlstate() == Some("57014") && !self.is_bounded
    }

    /// Whether PostgreSQL refused because row-level security would hide rows.
    ///
    /// Source: PostgreSQL, `rls.c`. The code is the same for every missing privilege, and the
    /// message is in the server's language.
    pub(crate) fn is_about_hidden_rows(&self) -> bool {
        let routine = self.server().and_then(DbError::routine);
        routine == Some("check_enable_rls")
    }

    /// Returns the SQLSTATE, five characters, if the error came from the server.
    ///
    /// Source: PostgreSQL manual, appendix "PostgreSQL Error Codes".
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        self.server().map(|error| error.code().code())
    }

    /// Whether the connection is lost. An answer that is not understood, or a text of this
    /// library, is no lost connection.
    pub(crate) fn is_of_the_connection(&self) -> bool {
        let Cause::Driver(error) = self.cause.alone() else {
            return false;
        };
        let source = std::error::Error::source(error);
        error.is_closed() || source.is_some_and(|source| source.is::<std::io::Error>())
    }

    /// Whether the server could not reach another server that it needs, such as the cluster node
    /// with the rows. The connection itself works. Class 08 contains connection errors; poolers use
    /// 08P01.
    #[must_use]
    pub fn is_of_another_server(&self) -> bool {
        let code = self.sqlstate();
        code.is_some_and(|code| code.starts_with("08") && code != "08P01")
    }

    /// Whether a server of a cluster refuses what another one handed on to it.
    ///
    /// Source: Citus, `remote_commands.c`. It speaks one language.
    pub(crate) fn is_of_a_worker(&self) -> bool {
        let context = self.context().unwrap_or_default();
        context.contains("while executing command on ")
    }

    /// The server's message, without what goes with it.
    pub(crate) fn message(&self) -> Option<&str> {
        self.server().map(DbError::message)
    }

    /// Returns the server's hint, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.server().and_then(DbError::hint)
    }

    /// Returns the error in parts.
    #[must_use]
    pub fn parts(&self) -> PgErrorParts {
        let shown = |text: &str| self.cause.shown(text).into_owned();
        let held_by = held_by(&self.holders);
        let Some(error) = self.server() else {
            let alone = Self {
                holders: Vec::new(),
                ..self.again()
            };
            return PgErrorParts {
                text: alone.to_string(),
                hint: None,
                context: Vec::new(),
                held_by,
            };
        };
        let detail = error.detail().map(|detail| format!(": {detail}"));
        let said = format!(
            "{} (SQLSTATE {}){}",
            error.message(),
            error.code().code(),
            detail.unwrap_or_default()
        );
        let context = lines_of_theirs(error.where_().unwrap_or_default());
        PgErrorParts {
            text: shown(&said),
            hint: error.hint().map(shown),
            context: context.into_iter().map(shown).collect(),
            held_by,
        }
    }

    /// The routine of the server that reports the error, a name in any language. Use it only to
    /// distinguish errors with the same code, and do not show it.
    pub(crate) fn routine(&self) -> Option<&str> {
        self.server().and_then(DbError::routine)
    }

    /// Whether it comes from a `RAISE`, whose author chose the code.
    pub(crate) fn is_raised(&self) -> bool {
        self.routine() == Some("exec_stmt_raise")
    }

    /// Where the server was, innermost first: a line for each function and statement.
    pub(crate) fn context(&self) -> Option<&str> {
        self.server().and_then(DbError::where_)
    }

    /// Where in the text that was sent the server sees the error: counted in
    /// characters, from 1.
    pub(crate) fn position(&self) -> Option<usize> {
        match self.server()?.position()? {
            ErrorPosition::Original(position) => usize::try_from(*position).ok(),
            // In a function's body, which is another text.
            ErrorPosition::Internal { .. } => None,
        }
    }

    /// The assertion that did not hold, if that caused the error.
    pub(crate) fn unmet(&self) -> Option<Assertion> {
        Assertion::unmet(self.sqlstate()?, self.message()?)
    }

    /// The same in what goes to a log: of the server's words only the message, and
    /// not that either where it may quote a value or a statement. Names of objects
    /// and roles remain.
    pub(crate) fn write_without_data(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.server() {
            None => return write!(formatter, "{self}"),
            Some(error) if may_quote_data(error) && self.unmet().is_none() => {
                let code = error.code().code();
                write!(formatter, "SQLSTATE {code} (its message may quote data)")
            }
            Some(error) => {
                let mut text = String::new();
                write_message(&mut text, error)?;
                formatter.write_str(&self.cause.shown(&text))
            }
        }?;
        formatter.write_str(&in_words(&self.holders))
    }

    fn server(&self) -> Option<&DbError> {
        match self.cause.alone() {
            Cause::Driver(error) => error.as_db_error(),
            _ => None,
        }
    }
}

impl From<tokio_postgres::Error> for PgError {
    fn from(error: tokio_postgres::Error) -> Self {
        Cause::Driver(error).into()
    }
}

impl From<Cause> for PgError {
    fn from(cause: Cause) -> Self {
        Self {
            cause: Arc::new(cause),
            holders: Vec::new(),
            is_bounded: false,
        }
    }
}

impl fmt::Display for PgError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        match (self.cause.alone(), self.server()) {
            (_, Some(error)) => write_server_error(&mut text, error)?,
            (Cause::Driver(error), None) => write_chain(&mut text, error)?,
            (Cause::Text(said), None) => text.push_str(said),
            (Cause::OfTrial(..), None) => {}
        }
        formatter.write_str(&self.cause.shown(&text))?;
        formatter.write_str(&in_words(&self.holders))
    }
}

impl std::error::Error for PgError {}

/// Whether the message may hold more than names: a value that does not fit
/// (class 22), a word of a statement (42601), or whatever a function's author
/// wrote (classes 38 and P0, and each code that `RAISE` is given).
///
/// Source: PostgreSQL manual, appendix "PostgreSQL Error Codes", and the routine
/// of PL/pgSQL that reports for `RAISE`.
pub(super) fn may_quote_data(error: &DbError) -> bool {
    let code = error.code().code();
    let is_in = |class: &str| code.starts_with(class);
    ["22", "38", "P0", "42601"].into_iter().any(is_in) || error.routine() == Some("exec_stmt_raise")
}

fn write_message(formatter: &mut impl fmt::Write, error: &DbError) -> fmt::Result {
    let code = error.code().code();
    write!(formatter, "{} (SQLSTATE {code})", error.message())
}

fn write_server_error(formatter: &mut impl fmt::Write, error: &DbError) -> fmt::Result {
    write_message(formatter, error)?;
    if let Some(detail) = error.detail() {
        write!(formatter, ": {detail}")?;
    }
    if let Some(hint) = error.hint() {
        write!(formatter, "; hint: {hint}")?;
    }
    let context = error.where_().unwrap_or_default();
    let lines = lines_of_theirs(context);
    if !lines.is_empty() {
        write!(formatter, "; in: {}", lines.join(", "))?;
    }
    Ok(())
}

/// The lines of a context, without the two last ones where these are about the block that
/// checks deferred constraints, which is ours.
fn lines_of_theirs(context: &str) -> Vec<&str> {
    let mut lines = context.lines().collect::<Vec<_>>();
    if let [.., statement, block] = lines.as_slice()
        && statement.contains("\"SET CONSTRAINTS ")
        && block.contains(" inline_code_block ")
    {
        lines.truncate(lines.len() - 2);
    }
    lines
}

fn write_chain(formatter: &mut impl fmt::Write, error: &dyn std::error::Error) -> fmt::Result {
    write!(formatter, "{error}")?;
    match error.source() {
        Some(source) => {
            formatter.write_str(": ")?;
            write_chain(formatter, source)
        }
        None => Ok(()),
    }
}
