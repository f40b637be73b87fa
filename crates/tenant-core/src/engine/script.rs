//! Several statements in one message, each with where it comes from.
//!
//! A whole transaction travels as one message: a tenant costs two round trips,
//! whatever the number of its migrations. When the server reports an error,
//! the script says which statement it belongs to: by the position in the text
//! that the server gives, otherwise by the number of statements that were
//! completed before.

use sql_text::{is_cut, tokens};
use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

use super::blame;
use super::culprit::{function_elsewhere, object_elsewhere};
use super::work::Work;
use crate::assertion::Assertion;
use crate::link::Place;
use crate::migration::{Migration, MigrationFile, Sql};
use crate::{Error, LockHolder, PgError, ServerMessage};

/// Where a statement comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// A statement of a migration's file, by its number.
    Migration(&'a Migration, MigrationFile, usize),
    /// The checks that the statements of a migration's file have put off.
    Deferred(&'a Migration, MigrationFile),
    /// The check that a migration's file left the path as it was.
    PathCheck(&'a Migration, MigrationFile),
    /// The same check after the last file, in the statement that updates the registry.
    Registry(&'a Migration, MigrationFile),
    /// The check that the files of these, and of those between, changed nothing outside
    /// the schema.
    Elsewhere(&'a Migration, &'a Migration, MigrationFile),
    /// A step of this library: what it does, in words.
    Step(&'static str),
}

/// The step that a standby refuses.
pub(super) const BEGINNING: &str = "begin a transaction that writes";

/// The step that fails if a trigger on the registry fails.
pub(super) const UPDATING_REGISTRY: &str = "update the registry";

/// The step that sees whether the application lists a tenant.
pub(super) const CONFIRMING: &str = "query the application's list of tenants";

/// The step to report if it is not known whether the commit happened.
pub(crate) const LOST: &str = "confirm the commit, which may have succeeded";

/// The step that sees whether something was changed outside the schema.
const LOOKING_ELSEWHERE: &str = "check that nothing changed outside the schema";

/// The statement that commits.
pub(super) const COMMIT: &str = "COMMIT";

/// The number by which the server knows the transaction, also after the connection is lost.
pub(super) const NUMBER: &str = "SELECT pg_catalog.txid_current()";

/// How the work in a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Commit,
    /// The application's own work follows.
    Hold,
}

/// A message in the making.
#[derive(Default)]
pub(super) struct Script<'a> {
    text: String,
    /// Where each statement begins in the text.
    starts: Vec<(usize, Origin<'a>)>,
    /// The statement that commits. It follows the query for the number of the transaction.
    commit: Option<usize>,
}

/// Where a script failed, and why.
pub(super) struct Failure<'a> {
    origin: Origin<'a>,
    /// Bytes into the statement.
    offset: usize,
    source: PgError,
    /// The function elsewhere that made it fail, where the server had to be asked.
    function: Option<String>,
    /// The object that it has not found, with the schema that has it.
    object: Option<(String, String)>,
    committed: Committed,
}

/// Whether a script has committed before it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Committed {
    No,
    Yes,
    /// The connection was lost during the commit. With this number of the transaction, the
    /// server can be asked.
    Ask(String),
    /// It was lost, and the server cannot be asked.
    Unknown,
}

impl<'a> Script<'a> {
    /// Adds one statement, without a semicolon.
    pub(super) fn push(&mut self, origin: Origin<'a>, sql: &str) {
        self.starts.push((self.text.len(), origin));
        self.text.push_str(sql);
        // On a separate line, so that a comment at the end cannot hide it.
        self.text.push_str("\n;\n");
    }

    /// Adds a step of this library.
    pub(super) fn step(&mut self, action: &'static str, sql: &str) {
        self.push(Origin::Step(action), sql);
    }

    /// Commits. If the connection is lost during the commit, the server can be asked how the
    /// transaction ended.
    pub(super) fn commit(&mut self) {
        self.step("read the number of the transaction", NUMBER);
        self.commit = Some(self.starts.len());
        self.step("commit", COMMIT);
    }

    /// Ends the transaction, or leaves it open with its number as the last row.
    pub(super) fn end(&mut self, ending: Ending) {
        match ending {
            Ending::Commit => self.commit(),
            Ending::Hold => self.step("read the number of the transaction", NUMBER),
        }
    }

    /// Which statement commits.
    pub(super) fn commits_at(&self) -> Option<usize> {
        self.commit
    }

    /// The statements, each with where it comes from.
    pub(super) fn statements(&self) -> impl Iterator<Item = (&str, Origin<'a>)> {
        self.starts
            .iter()
            .enumerate()
            .map(|(number, (start, origin))| {
                let end = self.starts.get(number + 1).map(|(start, _)| *start);
                let end = end.unwrap_or(self.text.len());
                let statement = self.text.get(*start..end).unwrap_or_default();
                (statement, *origin)
            })
    }

    /// All of it as one message.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The failure of the message after `completed` statements.
    pub(super) fn failure(&self, completed: usize, error: tokio_postgres::Error) -> Failure<'a> {
        let source = PgError::from(error);
        let position = source.position().and_then(|at| self.byte(at));
        // Before anything has run, the message as a whole did not parse. Later the
        // position can be one in a text that the server made itself, such as the
        // definition of an index.
        let position =
            position.filter(|byte| completed == 0 || self.statement_at(*byte) == completed);
        let index = position.map_or(completed, |byte| self.statement_at(byte));
        let fallback = (0, Origin::Step("talk to the server"));
        let (start, origin) = self.starts.get(index).copied().unwrap_or(fallback);
        Failure {
            origin,
            offset: position.map_or(0, |byte| byte.saturating_sub(start)),
            source,
            function: None,
            object: None,
            committed: Committed::No,
        }
    }

    /// The message of the server after `completed` statements, if it is about a migration.
    ///
    /// The server reads the whole message before it runs the first statement. While it reads, a
    /// server message either has a position or is about a truncated name. Truncated names come in
    /// the order of `long_names`.
    pub(super) fn message(
        &self,
        completed: usize,
        notice: &DbError,
        long_names: &mut impl Iterator<Item = usize>,
    ) -> Option<ServerMessage> {
        let index = match notice.position() {
            _ if completed > 0 => completed,
            Some(ErrorPosition::Original(at)) => {
                let byte = self.byte(usize::try_from(*at).ok()?)?;
                self.statement_at(byte)
            }
            _ if notice.code() == &SqlState::NAME_TOO_LONG => long_names.next()?,
            _ => completed,
        };
        let (_, origin) = self.starts.get(index)?;
        message_of(*origin, notice)
    }

    /// The number of the statement of each name that PostgreSQL cuts.
    pub(super) fn long_names(&self) -> impl Iterator<Item = usize> {
        let is_of_a_migration =
            |(_, origin): &(_, Origin<'_>)| matches!(origin, Origin::Migration(..));
        let statements = self.statements().enumerate();
        let of_migrations = statements.filter(move |(_, one)| is_of_a_migration(one));
        of_migrations.flat_map(|(number, (text, _))| {
            let cut = tokens(text).filter(is_cut);
            cut.map(move |_| number)
        })
    }

    fn byte(&self, position: usize) -> Option<usize> {
        byte_of(&self.text, position)
    }

    fn statement_at(&self, byte: usize) -> usize {
        let before = self.starts.partition_point(|(start, _)| *start <= byte);
        before.saturating_sub(1)
    }
}

/// The failure of a statement that was sent alone.
pub(super) fn failure_of<'a>(
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
        function: None,
        object: None,
        committed: Committed::No,
    }
}

/// The message of the server about a statement of `origin`, if a migration contains the
/// statement.
pub(super) fn message_of(origin: Origin<'_>, notice: &DbError) -> Option<ServerMessage> {
    let Origin::Migration(migration, file, statement) = origin else {
        return None;
    };
    let place = Place {
        migration: migration.name().to_owned(),
        file: file.to_string(),
        line: migration.file(file)?.line(statement, 0),
    };
    Some(ServerMessage::of(notice, place))
}

/// The byte of the character number `position` of `text`, counted from 1.
pub(super) fn byte_of(text: &str, position: usize) -> Option<usize> {
    let (byte, _) = text.char_indices().nth(position.checked_sub(1)?)?;
    Some(byte)
}

impl Failure<'_> {
    /// Whether a migration failed, and not a step of this library.
    pub(super) fn is_of_a_migration(&self) -> bool {
        !matches!(self.origin, Origin::Step(_))
    }

    /// The same, with whether the script has committed.
    pub(super) fn committed(self, committed: Committed) -> Self {
        Self { committed, ..self }
    }

    /// Whether it has.
    pub(super) fn has_committed(&self) -> &Committed {
        &self.committed
    }

    /// The same, with those who held the lock that was not to be had.
    pub(super) fn held_by(mut self, holders: Vec<LockHolder>) -> Self {
        self.source = self.source.held_by(holders);
        self
    }

    /// The same of a statement that a time-out of ours bounded, or did not.
    pub(super) fn bounded(mut self, is_bounded: bool) -> Self {
        self.source = self.source.bounded(is_bounded);
        self
    }

    /// The same, once it is known which function elsewhere made it fail, and where the object
    /// is that it has not found.
    pub(super) async fn traced(mut self, work: Work<'_>) -> Self {
        if let Origin::Migration(migration, file, _) = self.origin {
            let found = function_elsewhere(work, (migration, file), &self.source);
            self.function = found.await;
            self.object = object_elsewhere(work, &self.source).await;
        }
        self
    }

    /// Whether the failed step is `step`, because its condition does not hold.
    pub(super) fn is_at(&self, step: &str) -> bool {
        self.unmet().is_some() && matches!(self.origin, Origin::Step(it) if it == step)
    }

    /// A server error.
    pub(super) fn postgres(&self) -> &PgError {
        &self.source
    }

    /// The assertion that did not hold, if that caused the failure.
    fn unmet(&self) -> Option<Assertion> {
        self.source.unmet()
    }

    /// The code of that.
    pub(super) fn sqlstate(&self) -> Option<&str> {
        self.source.sqlstate()
    }

    /// The error to report for a step, told in other words.
    pub(super) fn into_error_of(self, work: Work<'_>, action: &str) -> Error {
        Error::database_of(work.schema, action, self.source)
    }

    /// The error to report for `work`.
    pub(super) fn into_error(self, work: Work<'_>) -> Error {
        let unmet = self.unmet();
        if self.committed == Committed::Unknown {
            return self.into_error_of_step(work, LOST);
        }
        if unmet == Some(Assertion::Listed) {
            return work.not_listed();
        }
        if let Some(error) = unmet.and_then(|unmet| work.not_kept(unmet)) {
            return error;
        }
        if let (Some(Assertion::Confirmed | Assertion::Gone), Some(error)) =
            (unmet, work.unconfirmed(unmet))
        {
            return error;
        }
        match self.origin {
            Origin::Migration(migration, file, statement) => Error::migration(
                work.schema,
                (migration, file),
                (statement, self.offset),
                self.source,
            )
            .caused_by(self.function)
            .not_finding(self.object),
            Origin::Deferred(migration, file) => {
                Error::deferred(work.schema, (migration, file), self.source)
            }
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
            Origin::Elsewhere(first, last, file) if unmet == Some(Assertion::Elsewhere) => {
                let message = self.source.message().unwrap_or_default();
                blame::error(work, (first, last), file, message)
            }
            Origin::Elsewhere(..) => self.into_error_of_step(work, LOOKING_ELSEWHERE),
            Origin::PathCheck(..) => self.into_error_of_step(work, "check the search path"),
            Origin::Registry(..) => self.into_error_of_step(work, UPDATING_REGISTRY),
            Origin::Step(action) => self.into_error_of_step(work, action),
        }
    }

    fn into_error_of_step(self, work: Work<'_>, action: &str) -> Error {
        if action == BEGINNING && self.sqlstate() == Some("0A000") {
            return Error::Standby {
                schema: work.schema.to_string(),
            };
        }
        let source = match self.unmet() {
            Some(unmet) => PgError::from_text(unmet.words()),
            None => self.source,
        };
        Error::database_of(work.schema, action, source)
    }
}
