//! How a failure looks with `--json`. Field names are stable.

use serde::Serialize;
use tenant_core::{Error, MigrationFile, PgError};

use crate::{Invocation, hints};

/// A command that failed as a whole.
#[derive(Debug, Serialize)]
pub struct Failure {
    error: ErrorDetail,
}

/// An error in parts.
#[derive(Debug, Serialize)]
pub struct ErrorDetail {
    /// The whole chain of causes.
    message: String,
    /// PostgreSQL's code, when the server spoke.
    sqlstate: Option<String>,
    /// The name of the migration that failed.
    migration: Option<String>,
    /// Its file: `up.sql` or `down.sql`; of a seed the file that was named.
    file: Option<String>,
    /// The line of that file, from 1.
    line: Option<usize>,
    /// What to do next.
    hint: Option<String>,
}

impl Failure {
    /// What ended the command.
    #[must_use]
    pub fn of(error: &anyhow::Error, invocation: &Invocation) -> Self {
        let mut detail = match error.downcast_ref::<Error>() {
            Some(known) => ErrorDetail::of(known, invocation),
            None => ErrorDetail::text(String::new()),
        };
        if let Some(said) = error.downcast_ref::<PgError>() {
            detail.sqlstate = said.sqlstate().map(str::to_owned);
        }
        // Either may be in the context, which only the whole error knows.
        detail.message = hints::causes(error.as_ref()).join(": ");
        detail.hint = hints::hint(error, invocation);
        Self { error: detail }
    }

    /// Arguments that were not understood.
    #[must_use]
    pub fn usage(message: String) -> Self {
        Self {
            error: ErrorDetail::text(message),
        }
    }
}

impl ErrorDetail {
    fn text(message: String) -> Self {
        Self {
            message,
            sqlstate: None,
            migration: None,
            file: None,
            line: None,
            hint: None,
        }
    }

    /// The parts of an error of the library.
    #[must_use]
    pub fn of(error: &Error, invocation: &Invocation) -> Self {
        let (migration, file, line) = match error {
            Error::Hook(failure) => (None, Some(failure.hook.clone()), Some(failure.line)),
            _ => place(error).map_or((None, None, None), |place| {
                let file = Some(place.file.to_string());
                (Some(place.migration.to_owned()), file, place.line)
            }),
        };
        Self {
            message: hints::causes(error).join(": "),
            sqlstate: error.sqlstate().map(str::to_owned),
            migration,
            file,
            line,
            hint: hints::of(error, invocation),
        }
    }
}

/// The place in a migration that an error is about.
struct Place<'a> {
    migration: &'a str,
    file: MigrationFile,
    line: Option<usize>,
}

fn place(error: &Error) -> Option<Place<'_>> {
    let (migration, file, line) = match error {
        Error::Migration(failure) => (&failure.migration, failure.file, Some(failure.line)),
        Error::Refused {
            migration,
            file,
            refusal,
        } => (migration, *file, Some(refusal.line)),
        Error::ChangedPath {
            migration,
            file,
            line,
            ..
        } => (migration, *file, *line),
        Error::Deferred {
            migration, file, ..
        } => (migration, *file, None),
        Error::ChangedElsewhere {
            migrations,
            file,
            line,
            ..
        } => match migrations.as_slice() {
            [one] => (one, *file, *line),
            _ => return None,
        },
        _ => return None,
    };
    Some(Place {
        migration,
        file,
        line,
    })
}
