//! Errors for a log: without text that may be data of users.

use std::error::Error as _;
use std::fmt;

use crate::Error;
use crate::link::LockHolder;

/// An error and its causes on one line, without the statement of a migration and
/// without what PostgreSQL may quote of values and statements.
pub(super) struct Said<'a>(pub(super) &'a Error);

impl fmt::Display for Said<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Error::Migration(failure) => {
                write!(formatter, "{}: ", failure.parts().without_statement())?;
                failure.source.write_without_data(formatter)
            }
            Error::Hook(failure) => {
                write!(formatter, "{}: ", failure.parts().without_statement())?;
                failure.source.write_without_data(formatter)
            }
            Error::OwnWork(failure) => match &failure.sqlstate {
                Some(code) => write!(
                    formatter,
                    "the application's own work failed: SQLSTATE {code}"
                ),
                None => formatter.write_str("the application's own work failed"),
            },
            Error::HalfMade {
                schema,
                undo,
                source,
                ..
            } => write!(
                formatter,
                "could not finish creating {schema}, and could not remove it ({}): {}",
                Said(undo),
                Said(source)
            ),
            error => write_with_causes(formatter, error),
        }
    }
}

fn write_with_causes(formatter: &mut fmt::Formatter<'_>, error: &Error) -> fmt::Result {
    write!(formatter, "{error}")?;
    match (error.postgres(), error.source()) {
        (Some(postgres), _) => {
            formatter.write_str(": ")?;
            postgres.write_without_data(formatter)
        }
        (None, Some(source)) => write!(formatter, ": {source}"),
        (None, None) => Ok(()),
    }
}

/// Sessions, with commas between them.
pub(super) struct SaidHolders<'a>(pub(super) &'a [LockHolder]);

impl fmt::Display for SaidHolders<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, holder) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(formatter, "{comma}{holder}")?;
        }
        Ok(())
    }
}
