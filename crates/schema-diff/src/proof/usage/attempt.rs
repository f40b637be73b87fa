//! Runs one statement so that its failure harms nothing.

use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow};

use super::Outcome;
use crate::proof::said;

/// A session in a transaction.
#[derive(Clone, Copy)]
pub(super) struct Session<'a> {
    pub(super) client: &'a Client,
}

/// Why a statement failed.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) reason: String,
    pub(super) sqlstate: String,
    /// Whether only the values are to blame, which were made up.
    pub(super) is_about_values: bool,
    /// Whether the statement was not even run, for want of a row that it refers to.
    pub(super) needs_another_row: bool,
}

/// What is waited for until the end of a transaction, asked for now.
const DEFERRED: &str = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED";

impl Session<'_> {
    /// Runs `sql` and keeps what it did; gives its rows.
    pub(super) async fn keep(
        self,
        sql: &str,
    ) -> Result<Result<Vec<SimpleQueryRow>, Trouble>, Error> {
        let text = format!("SAVEPOINT one; {sql}; {DEFERRED}; RELEASE one");
        self.run(&text).await
    }

    /// Runs `sql` and takes back what it did.
    pub(super) async fn probe(self, sql: &str) -> Result<Outcome, Error> {
        let text = format!("SAVEPOINT one; {sql}; {DEFERRED}; ROLLBACK TO one; RELEASE one");
        let done = self.run(&text).await?;
        Ok(done.map_or_else(Trouble::outcome, |_| Outcome::Works))
    }

    async fn run(self, text: &str) -> Result<Result<Vec<SimpleQueryRow>, Trouble>, Error> {
        let error = match self.client.simple_query(text).await {
            Ok(messages) => return Ok(Ok(rows(messages))),
            Err(error) => error,
        };
        let Some(trouble) = Trouble::of(&error) else {
            return Err(error);
        };
        let back = "ROLLBACK TO one; RELEASE one";
        self.client.batch_execute(back).await?;
        Ok(Err(trouble))
    }
}

fn rows(messages: Vec<SimpleQueryMessage>) -> Vec<SimpleQueryRow> {
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.collect()
}

impl Trouble {
    /// That of the server; `None` when the connection is gone.
    fn of(error: &Error) -> Option<Self> {
        let server = error.as_db_error()?;
        let sqlstate = server.code().code();
        // A function that fails says where, and values that are refused do not.
        let is_plain = server.where_().is_none();
        // 42501: row level security refuses a row. 23502: a value is NULL, and never
        // was one made up where that is not allowed.
        let is_of_values = sqlstate.starts_with("22") || sqlstate.starts_with("23");
        let is_about_values =
            is_plain && sqlstate != "23502" && is_of_values || is_plain && sqlstate == "42501";
        let place = server.where_().and_then(|text| innermost(text));
        let place = place.map_or_else(String::new, |place| format!(", in {place}"));
        Some(Self {
            reason: format!("{}{place}", said(error)),
            sqlstate: sqlstate.to_owned(),
            is_about_values,
            needs_another_row: false,
        })
    }

    /// A row that cannot be made up.
    pub(super) fn of_values(reason: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            sqlstate: String::new(),
            is_about_values: true,
            needs_another_row: false,
        }
    }

    /// What this says of the statement.
    pub(super) fn outcome(self) -> Outcome {
        if self.is_about_values {
            Outcome::Refused(self.reason)
        } else {
            Outcome::Fails(self.reason)
        }
    }

    /// Whether another row may do better: a key is taken.
    pub(super) fn is_taken(&self) -> bool {
        self.is_about_values && (self.sqlstate == "23505" || self.sqlstate == "23P01")
    }
}

/// The innermost function of a context.
fn innermost(context: &str) -> Option<&str> {
    let mut lines = context.lines();
    lines.find(|line| line.contains(" function "))
}
