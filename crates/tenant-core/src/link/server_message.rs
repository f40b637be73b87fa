//! [`ServerMessage`]: what a migration made the server say.

use std::fmt;

use tokio_postgres::error::DbError;

use crate::made_up::{MadeUp, TRIAL};

use super::notices::{Room, is_warning};

/// How many messages of a kind are kept for one schema.
const MOST: usize = 100;

/// How much of each text is kept, in bytes.
const LONGEST: usize = 10_000;

/// A warning or notice of PostgreSQL about a statement of a migration.
///
/// `Display` is its text, SQLSTATE, detail and hint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ServerMessage {
    /// The severity, in English: `WARNING`, `NOTICE`, `INFO`.
    pub severity: String,
    /// The text.
    pub text: String,
    /// Its SQLSTATE.
    pub sqlstate: String,
    /// The detail.
    pub detail: Option<String>,
    /// The hint.
    pub hint: Option<String>,
    /// The migration's name.
    pub migration: String,
    /// The file of the migration: `up.sql`.
    pub file: String,
    /// The line of that file, from 1, where the statement starts.
    pub line: usize,
    /// Whether the text may hold what an event must not.
    pub(crate) may_quote_data: bool,
}

/// Where a statement of a migration stands.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) migration: String,
    pub(crate) file: String,
    pub(crate) line: usize,
}

impl ServerMessage {
    pub(crate) fn of(notice: &DbError, place: Place) -> Self {
        let severity = if is_warning(notice) {
            "WARNING".to_owned()
        } else {
            let known = notice.parsed_severity().map(|known| known.to_string());
            known.unwrap_or_else(|| notice.severity().to_owned())
        };
        Self {
            severity,
            text: cut(notice.message()),
            sqlstate: notice.code().code().to_owned(),
            detail: notice.detail().map(cut),
            hint: notice.hint().map(cut),
            migration: place.migration,
            file: place.file,
            line: place.line,
            may_quote_data: super::pg_error::may_quote_data(notice),
        }
    }

    /// Leaves out the names of a trial.
    pub(crate) fn hide(&mut self, made_up: &MadeUp) {
        let texts = [
            Some(&mut self.text),
            self.detail.as_mut(),
            self.hint.as_mut(),
        ];
        for text in texts.into_iter().flatten() {
            *text = made_up.hidden_in(text, TRIAL).into_owned();
        }
    }

    /// Whether it is a warning.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.severity == "WARNING"
    }
}

impl fmt::Display for ServerMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)?;
        if !matches!(self.sqlstate.as_str(), "00000" | "01000") {
            write!(formatter, " (SQLSTATE {})", self.sqlstate)?;
        }
        if let Some(detail) = &self.detail {
            write!(formatter, ": {detail}")?;
        }
        if let Some(hint) = &self.hint {
            write!(formatter, "; hint: {hint}")?;
        }
        Ok(())
    }
}

fn cut(text: &str) -> String {
    match sql_text::beginning(text, LONGEST) {
        shorter if shorter.len() < text.len() => format!("{shorter}..."),
        _ => text.to_owned(),
    }
}

/// What was said about the migrations of one schema.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    /// In their order.
    pub(crate) said: Vec<ServerMessage>,
    /// How many more there were, which were not kept.
    pub(crate) left_out: usize,
    /// How much of both belongs to what is committed.
    kept: (usize, usize),
    wants_notices: bool,
}

impl Messages {
    /// None yet; all of them are wanted, or the warnings only.
    pub(super) fn wanted(wants_notices: bool) -> Self {
        Self {
            wants_notices,
            ..Self::default()
        }
    }

    /// How much room is left.
    pub(super) fn room(&self) -> Room {
        let warnings = self.said.iter().filter(|it| it.is_warning()).count();
        let notices = self.said.len() - warnings;
        Room {
            warnings: MOST.saturating_sub(warnings),
            notices: self.wants_notices.then(|| MOST.saturating_sub(notices)),
            left_out: 0,
        }
    }

    /// What they are about is committed.
    pub(super) fn keep(&mut self) {
        self.kept = (self.said.len(), self.left_out);
    }

    /// The work that they are about was rolled back, and begins again.
    pub(super) fn begin_anew(&mut self) {
        self.said.truncate(self.kept.0);
        self.left_out = self.kept.1;
    }
}
