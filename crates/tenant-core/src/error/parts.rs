//! [`ErrorParts`]: an error in parts. The `Display` of these errors joins the same parts, so that
//! each fact is worded once.

use std::fmt;
use std::time::Duration;

use super::{Cause, Consequence, Error, HookFailure, MigrationFailure, words};
use crate::link::{LockHolder, held_by};
use crate::migration::MigrationFile;

/// An error without its causes, in parts, for a program that shows each part in a separate place.
///
/// `Display` writes all of them: what failed, then the place, the statement and the notes in
/// parentheses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorParts {
    what: What,
    /// Facts, such as that a transaction was rolled back.
    pub notes: Vec<String>,
    /// The name of the migration that it is about.
    pub migration: Option<String>,
    /// The file.
    pub file: Option<FailedFile>,
    /// The line of the file, from 1.
    pub line: Option<usize>,
    /// The beginning of the statement that failed.
    pub statement: Option<String>,
}

/// What failed, and the place of the schema in that sentence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct What {
    before: String,
    /// In words.
    schema: Option<String>,
    after: String,
}

/// The file of a failed statement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailedFile {
    /// A file of the migration.
    Migration(MigrationFile),
    /// The file of a hook, by the hook's name.
    Hook(String),
}

impl ErrorParts {
    /// Returns what failed, without the other parts.
    #[must_use]
    pub fn text(&self) -> String {
        self.what.about(self.schema().unwrap_or_default())
    }

    /// Returns the same text with `whom` instead of the schema, for a failure that several tenants
    /// share. `None` if the text does not name a schema.
    #[must_use]
    pub fn about(&self, whom: &str) -> Option<String> {
        self.schema().map(|_| self.what.about(whom))
    }

    /// Returns the schema in words, such as "tenant `acme`", if the text names it.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.what.schema.as_deref()
    }

    /// The same without the statement, which can contain data.
    pub(crate) fn without_statement(self) -> Self {
        let statement = None;
        Self { statement, ..self }
    }

    fn new(text: impl Into<String>) -> Self {
        Self::of(What {
            before: text.into(),
            ..What::default()
        })
    }

    /// `before` and `after` are the text on both sides of the schema.
    fn of_schema(before: &str, schema: &str, after: &str) -> Self {
        Self::of(What {
            before: before.to_owned(),
            schema: Some(schema.to_owned()),
            after: after.to_owned(),
        })
    }

    fn of(what: What) -> Self {
        Self {
            what,
            notes: Vec::new(),
            migration: None,
            file: None,
            line: None,
            statement: None,
        }
    }

    /// The same about a file of this migration.
    fn of_migration(self, migration: &str, file: MigrationFile, line: Option<usize>) -> Self {
        Self {
            migration: Some(migration.to_owned()),
            file: Some(FailedFile::Migration(file)),
            line,
            ..self
        }
    }

    fn noted(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    fn statement(self, statement: &str) -> Self {
        let statement = Some(statement.to_owned()).filter(|text| !text.is_empty());
        Self { statement, ..self }
    }

    /// The place with the statement, then the notes.
    fn details(&self) -> impl Iterator<Item = String> {
        let file = match &self.file {
            Some(FailedFile::Migration(file)) => Some(file.to_string()),
            // The text names it.
            Some(FailedFile::Hook(_)) | None => None,
        };
        let line = self.line.map(|line| format!("line {line}"));
        let place = file.into_iter().chain(line).collect::<Vec<_>>().join(", ");
        let statement = self.statement.iter().map(|text| format!("`{text}`"));
        let place = Some(place).filter(|place| !place.is_empty());
        let place = place.into_iter().chain(statement).collect::<Vec<_>>();
        let place = Some(place.join(": ")).filter(|place| !place.is_empty());
        place.into_iter().chain(self.notes.iter().cloned())
    }
}

impl fmt::Display for ErrorParts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text())?;
        let details = self.details().collect::<Vec<_>>();
        if details.is_empty() {
            return Ok(());
        }
        write!(formatter, " ({})", details.join("; "))
    }
}

impl What {
    fn about(&self, whom: &str) -> String {
        format!("{}{whom}{}", self.before, self.after)
    }
}

impl Error {
    /// Returns the error in parts. Most errors are a text alone.
    #[must_use]
    pub fn parts(&self) -> ErrorParts {
        match self {
            Self::Migration(failure) => failure.parts(),
            Self::Hook(failure) => failure.parts(),
            Self::Refused {
                migration,
                file,
                refusal,
            } => {
                let reason = &refusal.reason;
                ErrorParts::new(format!("migration `{migration}` cannot run: {reason}"))
                    .of_migration(migration, *file, Some(refusal.line))
            }
            Self::Deferred {
                schema,
                migration,
                file,
                ..
            } => {
                let before = format!("migration `{migration}` violates deferred constraints in ");
                ErrorParts::of_schema(&before, schema, "")
                    .of_migration(migration, *file, None)
                    .noted([Consequence::RolledBack.to_string()])
            }
            Self::ChangedPath {
                schema,
                migration,
                file,
                line,
            } => {
                let before = format!("migration `{migration}` changed the search path in ");
                ErrorParts::of_schema(&before, schema, "")
                    .of_migration(migration, *file, *line)
                    .noted([words::not_recorded(*file)])
            }
            Self::ChangedElsewhere {
                schema,
                migrations,
                file,
                line,
                changed,
            } => elsewhere(schema, migrations, changed, (*file, *line)),
            Self::Busy {
                schema,
                holders,
                waited,
            } => busy(schema, *waited, holders),
            error => ErrorParts::new(error.to_string()),
        }
    }
}

impl MigrationFailure {
    /// Returns the error in parts.
    #[must_use]
    pub fn parts(&self) -> ErrorParts {
        let migration = &self.migration;
        let what = match self.file {
            MigrationFile::Up => format!("migration `{migration}` failed"),
            MigrationFile::Down => format!("rolling back migration `{migration}` failed"),
        };
        // A migration fails for a tenant, and in a trial run.
        let word = match self.schema.starts_with("a ") {
            true => "in",
            false => "for",
        };
        let notes = self.cause.note().into_iter();
        ErrorParts::of_schema(&format!("{what} {word} "), &self.schema, "")
            .of_migration(migration, self.file, Some(self.line))
            .statement(&self.statement)
            .noted(notes.chain([self.consequence.to_string()]))
    }
}

impl HookFailure {
    /// Returns the error in parts.
    #[must_use]
    pub fn parts(&self) -> ErrorParts {
        let before = format!("`{}` failed for ", self.hook);
        ErrorParts {
            file: Some(FailedFile::Hook(self.hook.clone())),
            line: Some(self.line),
            ..ErrorParts::of_schema(&before, &self.schema, "")
        }
        .statement(&self.statement)
        .noted([Consequence::RolledBack.to_string()])
    }
}

impl Cause {
    /// The fact to add to the error, unless the statement alone is the cause.
    fn note(&self) -> Option<String> {
        match self {
            Self::Function(function) => Some(format!("the function `{function}` raised the error")),
            Self::OtherSchema { object, schema } => {
                Some(format!("`{object}` is in the schema `{schema}`"))
            }
            _ => None,
        }
    }
}

fn elsewhere(
    schema: &str,
    migrations: &[String],
    changed: &[String],
    (file, line): (MigrationFile, Option<usize>),
) -> ErrorParts {
    let who = match migrations {
        [one] => format!("migration `{one}`"),
        several => format!("one of the migrations {}", words::few(several)),
    };
    let before = format!("{who} changed objects outside the schema of ");
    let parts = ErrorParts::of_schema(&before, schema, &format!(": {}", changed.join(", ")));
    let parts = match migrations {
        [one] => parts.of_migration(one, file, line),
        _ => parts,
    };
    parts.noted([words::not_recorded(file)])
}

fn busy(schema: &str, waited: Duration, holders: &[LockHolder]) -> ErrorParts {
    let notes = words::gave_up(waited).into_iter();
    ErrorParts::of_schema("another run is changing ", schema, "")
        .noted(notes.chain(held_by(holders)))
}
