//! Takes the SQL out of a Diesel migration, by running it against a connection
//! that only listens.

use std::any::Any;
use std::error::Error;

use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::Migration as DieselMigration;
use diesel::pg::Pg;
use diesel::result::QueryResult;
use diesel_migrations::MigrationError;
use sql_text::fingerprint;

use super::{Migration, SourceError, Sql};
use crate::Version;

/// A connection to nowhere, which keeps what it is told to run.
#[derive(Default)]
struct Recorder {
    text: String,
}

impl SimpleConnection for Recorder {
    fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        if !self.text.is_empty() {
            self.text.push_str(";\n");
        }
        self.text.push_str(sql);
        Ok(())
    }
}

impl BoxableConnection<Pg> for Recorder {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// The SQL that applies `migration` and the SQL that reverts it, in statements.
///
/// # Errors
///
/// Whatever the migration itself reports, for example an `up.sql` that is not
/// there. Without a `down.sql`, or with one that cannot be read, it can be applied all
/// the same.
pub(super) fn record(migration: &dyn DieselMigration<Pg>) -> Result<Migration, SourceError> {
    let name = migration.name().to_string();
    let in_transaction = migration.metadata().run_in_transaction();
    let mut recorder = Recorder::default();
    if let Err(source) = migration.run(&mut recorder) {
        return Err(SourceError::NotSql { name, source });
    }
    let up = Sql::new(&recorder.text, in_transaction);
    let (down, down_problem) = match down(migration, &name, in_transaction) {
        Ok(down) => (down, None),
        Err(problem) => (None, Some(problem)),
    };
    Ok(Migration {
        version: Version::recorded(migration.name().version().to_string()),
        name,
        in_transaction,
        // Of the text as it is: line ends do not count in it, and digits that are
        // written down must not change.
        fingerprint: fingerprint(&recorder.text, in_transaction),
        down,
        down_problem,
        up,
        is_own: false,
    })
}

/// A migration of this crate, in a transaction, from its texts.
pub(super) fn of_texts(name: &str, up: &str, down: &str) -> Migration {
    let sql = |text: &str| Sql::new(text, true);
    let version = name.split('_').next().unwrap_or(name);
    Migration {
        version: Version::recorded(version.replace('-', "")),
        name: name.to_owned(),
        in_transaction: true,
        fingerprint: fingerprint(up, true),
        up: sql(up),
        down: Some(sql(down)),
        down_problem: None,
        is_own: true,
    }
}

/// The SQL that reverts `migration`, if there is some.
///
/// # Errors
///
/// Why it cannot be read, although there is some.
fn down(
    migration: &dyn DieselMigration<Pg>,
    name: &str,
    in_transaction: bool,
) -> Result<Option<Sql>, String> {
    let mut recorder = Recorder::default();
    match migration.revert(&mut recorder) {
        Ok(()) => {
            let down = Sql::new(&recorder.text, in_transaction);
            Ok((!down.is_empty()).then_some(down))
        }
        Err(error) => match problem(error.as_ref(), name) {
            Some(problem) => Err(problem),
            None => Ok(None),
        },
    }
}

/// What Diesel says of a file with nothing in it.
const EMPTY: &str = "Attempted to run an empty migration.";

/// What keeps the `down.sql` of the migration `name` from being read; `None` when there
/// is none, or nothing in it.
///
/// Diesel exports the type of the first error only. Of the others the text is told,
/// without the name that stands before it.
fn problem(error: &(dyn Error + Send + Sync + 'static), name: &str) -> Option<String> {
    if let Some(MigrationError::NoMigrationRevertFile) = error.downcast_ref() {
        return None;
    }
    let text = error.to_string();
    let before = format!("Failed to run {name} with: ");
    let reason = text.strip_prefix(&before).unwrap_or(&text);
    (reason != EMPTY).then(|| reason.to_owned())
}
