//! [`Explained`]: an error of any kind, in the parts of a [`Message`].
//!
//! The error line says what failed and why: the chain of causes behind colons. Of what
//! PostgreSQL says, the message and the detail stand there too. Its hint and its context are
//! notes: they are facts about the statement, and not advice of this program.

use std::error::Error as StdError;
use std::time::Duration;

use tenant_core::{
    Cause, Consequence, Error, HookFailure, LockHolder, MigrationFailure, MigrationFile, PgError,
};

use crate::init::Stream;
use crate::message::{Hint, Message, Place};
use crate::words::time;
use crate::{Invocation, hints};

/// The shortest time that is worth a note.
const SHORTEST: Duration = Duration::from_millis(100);

/// What became of a migration that failed in a transaction.
pub const ROLLED_BACK: &str = "its transaction was rolled back";

/// What stands for the tenant in [`Explained::of_many`].
pub const WHOM: &str = "{}";

/// An error in the parts of a message.
#[derive(Debug, Clone, Default)]
pub struct Explained {
    /// What failed, and each cause behind it.
    pub chain: Vec<String>,
    /// What failed, with [`WHOM`] in the place of the tenant: for a failure that several share.
    pub of_many: Option<String>,
    /// Facts about it.
    pub notes: Vec<String>,
    /// What to do next.
    pub hints: Vec<Hint>,
    /// PostgreSQL's code, when the server spoke.
    pub sqlstate: Option<String>,
    /// The migration that it is about.
    pub migration: Option<String>,
    /// Where it is.
    pub place: Option<Place>,
    /// The beginning of the statement that failed.
    pub statement: Option<String>,
}

/// One error of a chain.
#[derive(Default)]
struct Link {
    text: String,
    of_many: Option<String>,
    notes: Vec<String>,
    migration: Option<String>,
    place: Option<Place>,
    statement: Option<String>,
}

impl Explained {
    /// What ended a command.
    #[must_use]
    pub fn of(error: &anyhow::Error, invocation: &Invocation) -> Self {
        let mut explained = Self::chain(error.as_ref(), invocation);
        if let Some(known) = error.downcast_ref::<Error>() {
            explained.sqlstate = known.sqlstate().map(str::to_owned);
        }
        explained.hints = hints::of_any(error, invocation);
        explained
    }

    /// An error of the library.
    #[must_use]
    pub fn of_library(error: &Error, invocation: &Invocation) -> Self {
        Self {
            sqlstate: error.sqlstate().map(str::to_owned),
            hints: hints::of(error, invocation),
            ..Self::chain(error, invocation)
        }
    }

    /// Any error with its causes. What to do about it is not known.
    #[must_use]
    pub fn chain(error: &(dyn StdError + 'static), invocation: &Invocation) -> Self {
        let mut explained = Self::default();
        for error in std::iter::successors(Some(error), |error| (*error).source()) {
            let link = Link::of(error, invocation);
            // A transparent error repeats the one that it wraps.
            if explained.chain.last() == Some(&link.text) {
                continue;
            }
            if let Some(said) = error.downcast_ref::<PgError>() {
                explained.sqlstate = said.sqlstate().map(str::to_owned);
            }
            // A cause is about one tenant also where others share it.
            if explained.chain.is_empty() {
                explained.of_many = link.of_many;
            }
            explained.chain.push(link.text);
            // What PostgreSQL adds explains the cause, and comes before what became of it.
            explained.notes.splice(0..0, link.notes);
            explained.migration = explained.migration.or(link.migration);
            explained.place = explained.place.or(link.place);
            explained.statement = explained.statement.or(link.statement);
        }
        explained
    }

    /// The chain on one line.
    #[must_use]
    pub fn text(&self) -> String {
        self.chain.join(": ")
    }

    /// How it is shown.
    #[must_use]
    pub fn message(self) -> Message {
        Message::error(self.text())
            .at(self.place)
            .excerpt(self.statement)
            .notes(self.notes)
            .hints(self.hints)
    }
}

impl Link {
    fn of(error: &(dyn StdError + 'static), invocation: &Invocation) -> Self {
        let boxed = error.downcast_ref::<Box<Error>>().map(AsRef::as_ref);
        if let Some(known) = error.downcast_ref::<Error>().or(boxed) {
            return Self::of_library(known, invocation);
        }
        if let Some(failure) = error.downcast_ref::<MigrationFailure>() {
            return Self::of_migration(failure, invocation);
        }
        match error.downcast_ref::<PgError>() {
            Some(said) => Self::of_postgres(said),
            None => Self::text(error.to_string()),
        }
    }

    fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A text about a schema, in which [`WHOM`] stands for it.
    fn about(schema: &str, template: String) -> Self {
        Self {
            of_many: Some(template.clone()),
            ..Self::text(template.replace(WHOM, schema))
        }
    }

    fn of_library(error: &Error, invocation: &Invocation) -> Self {
        let at = |migration: &str, file, line| {
            let file = invocation.file_of(Stream::Tenant, migration, file);
            Place {
                file,
                line,
                column: None,
            }
        };
        match error {
            Error::Migration(failure) => Self::of_migration(failure, invocation),
            Error::Hook(failure) => Self::of_hook(failure),
            Error::Refused {
                migration,
                file,
                refusal,
            } => Self {
                migration: Some(migration.clone()),
                place: Some(at(migration, *file, Some(refusal.line))),
                ..Self::text(format!(
                    "migration `{migration}` cannot run: {}",
                    refusal.reason
                ))
            },
            Error::Deferred {
                schema,
                migration,
                file,
                ..
            } => Self {
                notes: vec![ROLLED_BACK.to_owned()],
                migration: Some(migration.clone()),
                place: Some(at(migration, *file, None)),
                ..Self::about(
                    schema,
                    format!("migration `{migration}` violates deferred constraints in {WHOM}"),
                )
            },
            Error::ChangedPath {
                schema,
                migration,
                file,
                line,
            } => Self {
                notes: vec![not_recorded(*file)],
                migration: Some(migration.clone()),
                place: Some(at(migration, *file, *line)),
                ..Self::about(
                    schema,
                    format!("migration `{migration}` changed the search path in {WHOM}"),
                )
            },
            Error::ChangedElsewhere {
                schema,
                migrations,
                file,
                line,
                changed,
            } => Self::of_change_elsewhere(schema, migrations, changed, *file, &|migration| {
                at(migration, *file, *line)
            }),
            Error::Busy {
                schema,
                holders,
                waited,
            } => Self {
                notes: gave_up(*waited)
                    .into_iter()
                    .chain(held_by(holders))
                    .collect(),
                ..Self::about(schema, format!("another run is changing {WHOM}"))
            },
            error => Self::text(error.to_string()),
        }
    }

    fn of_migration(failure: &MigrationFailure, invocation: &Invocation) -> Self {
        let migration = &failure.migration;
        let schema = &failure.schema;
        // The library names the schema in words. They only decide between two files of one name.
        let is_public = schema.contains("public schema");
        let stream = if is_public {
            Stream::Public
        } else {
            Stream::Tenant
        };
        // A migration fails for a tenant, and in a trial run.
        let word = if schema.starts_with("a ") {
            "in"
        } else {
            "for"
        };
        let what = match failure.file {
            MigrationFile::Up => format!("migration `{migration}` failed {word} {WHOM}"),
            MigrationFile::Down => {
                format!("rolling back migration `{migration}` failed {word} {WHOM}")
            }
        };
        let mut notes = cause(&failure.cause).into_iter().collect::<Vec<_>>();
        notes.push(consequence(failure.consequence).to_owned());
        Self {
            notes,
            migration: Some(migration.clone()),
            place: Some(Place {
                file: invocation.file_of(stream, migration, failure.file),
                line: Some(failure.line),
                column: None,
            }),
            statement: Some(failure.statement.clone()).filter(|text| !text.is_empty()),
            ..Self::about(schema, what)
        }
    }

    fn of_hook(failure: &HookFailure) -> Self {
        Self {
            notes: vec![consequence(Consequence::RolledBack).to_owned()],
            place: Some(Place {
                file: failure.hook.clone(),
                line: Some(failure.line),
                column: None,
            }),
            statement: Some(failure.statement.clone()).filter(|text| !text.is_empty()),
            ..Self::about(
                &failure.schema,
                format!("`{}` failed for {WHOM}", failure.hook),
            )
        }
    }

    fn of_change_elsewhere(
        schema: &str,
        migrations: &[String],
        changed: &[String],
        file: MigrationFile,
        at: &dyn Fn(&str) -> Place,
    ) -> Self {
        let (who, one) = match migrations {
            [one] => (format!("migration `{one}`"), Some(one)),
            several => {
                let names = several.iter().map(|name| format!("`{name}`"));
                let names = names.collect::<Vec<_>>().join(", ");
                (format!("one of the migrations {names}"), None)
            }
        };
        let changed = changed.join(", ");
        Self {
            notes: vec![not_recorded(file)],
            migration: one.cloned(),
            place: one.map(|one| at(one)),
            ..Self::about(
                schema,
                format!("{who} changed objects outside the schema of {WHOM}: {changed}"),
            )
        }
    }

    fn of_postgres(said: &PgError) -> Self {
        let parts = said.parts();
        let hint = parts.hint.map(|hint| format!("PostgreSQL's hint: {hint}"));
        let context = (!parts.context.is_empty())
            .then(|| format!("PostgreSQL's context: {}", parts.context.join(", ")));
        let mut notes = hint.into_iter().chain(context).collect::<Vec<_>>();
        notes.extend(held_by(said.holders()));
        Self {
            notes,
            ..Self::text(parts.text)
        }
    }
}

/// After how long; nothing where the command did not wait.
fn gave_up(waited: Duration) -> Option<String> {
    (waited >= SHORTEST).then(|| format!("the command waited for {}", time(waited)))
}

fn held_by(holders: &[LockHolder]) -> Vec<String> {
    let each = holders.iter().map(ToString::to_string);
    let each = each.collect::<Vec<_>>().join(", ");
    let note = (!each.is_empty()).then(|| format!("the lock is held by {each}"));
    note.into_iter().collect()
}

fn not_recorded(file: MigrationFile) -> String {
    let done = match file {
        MigrationFile::Up => "applied",
        MigrationFile::Down => "rolled back",
    };
    format!("the migration is not recorded as {done}")
}

fn cause(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Function(function) => Some(format!("the function `{function}` raised the error")),
        Cause::OtherSchema { object, schema } => {
            Some(format!("`{object}` is in the schema `{schema}`"))
        }
        _ => None,
    }
}

fn consequence(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::PartlyApplied => {
            "the migration runs outside a transaction, and its earlier statements took effect"
        }
        Consequence::Removed => "the new tenant was removed again",
        _ => ROLLED_BACK,
    }
}
