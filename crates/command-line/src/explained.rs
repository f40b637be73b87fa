//! [`Explained`]: an error of any kind, in the parts of a [`Message`].
//!
//! The error line says what failed and why: the chain of causes behind colons. Of what
//! PostgreSQL says, the message and the detail stand there too. Its hint and its context are
//! notes: they are facts about the statement, and not advice of this program.

use std::error::Error as StdError;

use tenant_core::{Error, ErrorParts, FailedFile, HookFailure, MigrationFailure, PgError};
use tenant_settings::Mistake;

use crate::init::Stream;
use crate::message::{Hint, Message, Place};
use crate::mistakes::Mistakes;
use crate::{Invocation, hints};

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
    /// Further errors that ended the command, such as mistakes in the same file.
    pub others: Vec<Self>,
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
    others: Vec<Explained>,
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
            let is_repeated = explained.chain.last() == Some(&link.text);
            if let Some(said) = error.downcast_ref::<PgError>() {
                explained.sqlstate = said.sqlstate().map(str::to_owned);
            }
            // A cause is about one tenant also where others share it.
            if explained.chain.is_empty() {
                explained.of_many = link.of_many;
            }
            if !is_repeated {
                explained.chain.push(link.text);
            }
            // What PostgreSQL adds explains the cause, and comes before what became of it.
            explained.notes.splice(0..0, link.notes);
            explained.migration = explained.migration.or(link.migration);
            explained.place = explained.place.or(link.place);
            explained.statement = explained.statement.or(link.statement);
            explained.others.extend(link.others);
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
            .followed_by(self.others.into_iter().map(Self::message))
    }

    fn of_mistake(mistake: &Mistake) -> Self {
        Self {
            chain: vec![mistake.message.clone()],
            place: Some(Place::of(mistake)),
            ..Self::default()
        }
    }
}

impl Link {
    fn of(error: &(dyn StdError + 'static), invocation: &Invocation) -> Self {
        let boxed = error.downcast_ref::<Box<Error>>().map(AsRef::as_ref);
        if let Some(known) = error.downcast_ref::<Error>().or(boxed) {
            return Self::of_parts(known.parts(), invocation);
        }
        if let Some(failure) = error.downcast_ref::<MigrationFailure>() {
            return Self::of_parts(failure.parts(), invocation);
        }
        if let Some(failure) = error.downcast_ref::<HookFailure>() {
            return Self::of_parts(failure.parts(), invocation);
        }
        if let Some(mistakes) = error.downcast_ref::<Mistakes>() {
            return Self::of_mistakes(mistakes);
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

    /// An error of the library, whose words are its own.
    fn of_parts(parts: ErrorParts, invocation: &Invocation) -> Self {
        Self {
            of_many: parts.about(WHOM),
            place: place(&parts, invocation),
            text: parts.text(),
            notes: parts.notes,
            migration: parts.migration,
            statement: parts.statement,
            others: Vec::new(),
        }
    }

    fn of_mistakes(mistakes: &Mistakes) -> Self {
        let others = mistakes.others.iter().map(Explained::of_mistake);
        Self {
            place: Some(Place::of(&mistakes.first)),
            others: others.collect(),
            ..Self::text(&mistakes.first.message)
        }
    }

    fn of_postgres(said: &PgError) -> Self {
        let parts = said.parts();
        let hint = parts.hint.map(|hint| format!("PostgreSQL's hint: {hint}"));
        let context = (!parts.context.is_empty())
            .then(|| format!("PostgreSQL's context: {}", parts.context.join(", ")));
        let notes = hint.into_iter().chain(context).chain(parts.held_by);
        Self {
            notes: notes.collect(),
            ..Self::text(parts.text)
        }
    }
}

/// The file as the reader can open it, with the line.
fn place(parts: &ErrorParts, invocation: &Invocation) -> Option<Place> {
    let file = match (&parts.file, &parts.migration) {
        (Some(FailedFile::Hook(hook)), _) => hook.clone(),
        (Some(FailedFile::Migration(file)), Some(migration)) => {
            // The library names the schema in words. They only decide between two files of one
            // name.
            let is_public = parts
                .schema()
                .is_some_and(|it| it.contains("public schema"));
            let stream = match is_public {
                true => Stream::Public,
                false => Stream::Tenant,
            };
            invocation.file_of(stream, migration, *file)
        }
        _ => return None,
    };
    Some(Place {
        file,
        line: parts.line,
        column: None,
    })
}
