//! [`PgError`]: what PostgreSQL, or the way to it, said.

use std::fmt;

use tokio_postgres::error::{DbError, ErrorPosition};

/// An error of the server or of the connection to it, in PostgreSQL's own words.
///
/// Its `Display` is the whole message: text, SQLSTATE, detail and hint.
#[derive(Debug)]
pub struct PgError(Cause);

#[derive(Debug)]
enum Cause {
    Driver(tokio_postgres::Error),
    Text(String),
}

impl PgError {
    /// Keeps the text of an error that nothing else is known of: Diesel has taken it
    /// apart, or it is the operating system's.
    pub(crate) fn from_text(error: impl fmt::Display) -> Self {
        Self(Cause::Text(error.to_string()))
    }

    /// The SQLSTATE, five characters, when the server itself spoke.
    ///
    /// Source: PostgreSQL manual, appendix "PostgreSQL Error Codes".
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        self.server().map(|error| error.code().code())
    }

    /// The server's hint, if it gave one.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.server().and_then(DbError::hint)
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

    fn server(&self) -> Option<&DbError> {
        match &self.0 {
            Cause::Driver(error) => error.as_db_error(),
            Cause::Text(_) => None,
        }
    }
}

impl From<tokio_postgres::Error> for PgError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self(Cause::Driver(error))
    }
}

impl fmt::Display for PgError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0, self.server()) {
            (_, Some(error)) => write_server_error(formatter, error),
            (Cause::Driver(error), None) => write_chain(formatter, error),
            (Cause::Text(text), None) => formatter.write_str(text),
        }
    }
}

impl std::error::Error for PgError {}

fn write_server_error(formatter: &mut fmt::Formatter<'_>, error: &DbError) -> fmt::Result {
    write!(
        formatter,
        "{} (SQLSTATE {})",
        error.message(),
        error.code().code()
    )?;
    if let Some(detail) = error.detail() {
        write!(formatter, "; detail: {detail}")?;
    }
    if let Some(hint) = error.hint() {
        write!(formatter, "; hint: {hint}")?;
    }
    if let Some(context) = error.where_() {
        write!(formatter, "; in: {}", context.replace('\n', ", "))?;
    }
    Ok(())
}

fn write_chain(formatter: &mut fmt::Formatter<'_>, error: &dyn std::error::Error) -> fmt::Result {
    write!(formatter, "{error}")?;
    match error.source() {
        Some(source) => {
            formatter.write_str(": ")?;
            write_chain(formatter, source)
        }
        None => Ok(()),
    }
}
