//! Several statements in one message, each with where it comes from.
//!
//! A whole transaction travels as one message: a tenant costs two round trips,
//! whatever the number of its migrations. When the server reports an error,
//! the script says which statement it belongs to: by the position in the text
//! that the server gives, otherwise by the number of statements that were
//! completed before.

use std::pin::pin;

use futures_util::StreamExt;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::Work;
use crate::assertion::Assertion;
use crate::connect::Session;
use crate::migration::{Migration, MigrationFile, Sql};
use crate::{Error, LockHolder, PgError};

/// Where a statement comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// A statement of a migration's file, by its number.
    Migration(&'a Migration, MigrationFile, usize),
    /// The check that a migration's file left the path as it was.
    PathCheck(&'a Migration, MigrationFile),
    /// The same check after the last file, in the statement that updates the registry.
    Registry(&'a Migration, MigrationFile),
    /// A step of our own: what it does, in words.
    Step(&'static str),
}

/// The step that a trigger of somebody's on the registry can make fail.
pub(super) const UPDATING_REGISTRY: &str = "updating the list of schemas in public";

/// A message in the making.
#[derive(Default)]
pub(super) struct Script<'a> {
    text: String,
    parts: Vec<(usize, Origin<'a>)>,
}

/// Where a script failed, and why.
pub(super) struct Failure<'a> {
    origin: Origin<'a>,
    /// Bytes into the statement.
    offset: usize,
    source: PgError,
}

impl<'a> Script<'a> {
    /// Adds one statement, without a semicolon.
    pub(super) fn push(&mut self, origin: Origin<'a>, sql: &str) {
        self.parts.push((self.text.len(), origin));
        self.text.push_str(sql);
        // On a line of its own, so that a comment in the end cannot hide it.
        self.text.push_str("\n;\n");
    }

    /// Adds a step of our own.
    pub(super) fn step(&mut self, action: &'static str, sql: &str) {
        self.push(Origin::Step(action), sql);
    }

    /// Sends everything as one message; gives back the rows, in order. On a cluster
    /// each statement is a message of its own: Citus hands the text of the message to
    /// the servers that it is about, and there several statements are refused.
    ///
    /// # Errors
    ///
    /// The first statement that the server refused. Those before it have run,
    /// those after it have not.
    pub(super) async fn run(&self, work: Work<'_>) -> Result<Vec<SimpleQueryRow>, Failure<'a>> {
        if work.database.is_cluster() {
            self.run_apart(work.session).await
        } else {
            self.run_together(work.session).await
        }
    }

    async fn run_apart(&self, session: &Session) -> Result<Vec<SimpleQueryRow>, Failure<'a>> {
        let mut rows = Vec::new();
        for (number, (start, origin)) in self.parts.iter().enumerate() {
            let end = self.parts.get(number + 1).map(|(start, _)| *start);
            let end = end.unwrap_or(self.text.len());
            let statement = self.text.get(*start..end).unwrap_or_default();
            let answers = session.client().simple_query(statement).await;
            let answers = answers.map_err(|error| failure_of(*origin, statement, error))?;
            rows.extend(answers.into_iter().filter_map(|answer| match answer {
                SimpleQueryMessage::Row(row) => Some(row),
                _ => None,
            }));
        }
        Ok(rows)
    }

    async fn run_together(&self, session: &Session) -> Result<Vec<SimpleQueryRow>, Failure<'a>> {
        let sent = session.client().simple_query_raw(&self.text).await;
        let mut answers = pin!(sent.map_err(|error| self.failure(0, error))?);
        let mut completed = 0;
        let mut rows = Vec::new();
        while let Some(answer) = answers.next().await {
            match answer.map_err(|error| self.failure(completed, error))? {
                SimpleQueryMessage::CommandComplete(_) => completed += 1,
                SimpleQueryMessage::Row(row) => rows.push(row),
                _ => {}
            }
        }
        Ok(rows)
    }

    fn failure(&self, completed: usize, error: tokio_postgres::Error) -> Failure<'a> {
        let source = PgError::from(error);
        let position = source.position().and_then(|at| self.byte(at));
        // Before anything has run, the message as a whole did not parse. Later the
        // position can be one in a text that the server made itself, such as the
        // definition of an index.
        let position = position.filter(|byte| completed == 0 || self.part_at(*byte) == completed);
        let index = position.map_or(completed, |byte| self.part_at(byte));
        let fallback = (0, Origin::Step("talking to the server"));
        let (start, origin) = self.parts.get(index).copied().unwrap_or(fallback);
        Failure {
            origin,
            offset: position.map_or(0, |byte| byte.saturating_sub(start)),
            source,
        }
    }

    fn byte(&self, position: usize) -> Option<usize> {
        byte_of(&self.text, position)
    }

    fn part_at(&self, byte: usize) -> usize {
        let before = self.parts.partition_point(|(start, _)| *start <= byte);
        before.saturating_sub(1)
    }
}

/// The failure of a statement that was sent alone.
fn failure_of<'a>(
    origin: Origin<'a>,
    statement: &str,
    error: tokio_postgres::Error,
) -> Failure<'a> {
    let source = PgError::from(error);
    let offset = source.position().and_then(|at| byte_of(statement, at));
    Failure {
        origin,
        offset: offset.unwrap_or_default(),
        source,
    }
}

/// The byte of the character number `position` of `text`, counted from 1.
fn byte_of(text: &str, position: usize) -> Option<usize> {
    let (byte, _) = text.char_indices().nth(position.checked_sub(1)?)?;
    Some(byte)
}

impl Failure<'_> {
    /// Whether it is a migration that failed, and no step of our own.
    pub(super) fn is_of_a_migration(&self) -> bool {
        !matches!(self.origin, Origin::Step(_))
    }

    /// The same, with those who held the lock that was not to be had.
    pub(super) fn held_by(mut self, holders: Vec<LockHolder>) -> Self {
        self.source = self.source.held_by(holders);
        self
    }

    /// Whether it is that step of our own whose condition does not hold.
    pub(super) fn is_at(&self, step: &str) -> bool {
        self.unmet().is_some() && matches!(self.origin, Origin::Step(it) if it == step)
    }

    /// What the server says.
    pub(super) fn postgres(&self) -> &PgError {
        &self.source
    }

    /// The condition of our own that did not hold, if that is what failed.
    fn unmet(&self) -> Option<Assertion> {
        Assertion::unmet(&self.source)
    }

    /// The code of that.
    pub(super) fn sqlstate(&self) -> Option<&str> {
        self.source.sqlstate()
    }

    /// The error to report for a step, told in other words.
    pub(super) fn into_error_of(self, action: String) -> Error {
        Error::database(action, self.source)
    }

    /// The error to report for `work`.
    pub(super) fn into_error(self, work: Work<'_>) -> Error {
        let unmet = self.unmet();
        match self.origin {
            Origin::Migration(migration, file, statement) => Error::migration(
                work.schema,
                (migration, file),
                (statement, self.offset),
                self.source,
            ),
            Origin::PathCheck(migration, file) | Origin::Registry(migration, file)
                if unmet.is_some() =>
            {
                Error::ChangedPath {
                    schema: work.schema.to_string(),
                    migration: migration.name().to_owned(),
                    file,
                    line: migration.file(file).and_then(Sql::line_about_path),
                }
            }
            Origin::PathCheck(..) => self.into_error_of_step(work, "checking the search path"),
            Origin::Registry(..) => self.into_error_of_step(work, UPDATING_REGISTRY),
            Origin::Step(action) => self.into_error_of_step(work, action),
        }
    }

    fn into_error_of_step(self, work: Work<'_>, action: &str) -> Error {
        let source = match self.unmet() {
            Some(unmet) => PgError::from_text(unmet.words()),
            None => self.source,
        };
        Error::database(format!("{}: {action}", work.schema), source)
    }
}
