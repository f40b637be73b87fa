//! Takes the SQL out of a Diesel migration, by running it against a connection
//! that only listens.

use std::any::Any;

use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::Migration as DieselMigration;
use diesel::pg::Pg;
use diesel::result::QueryResult;

use super::fingerprint::fingerprint;
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
/// there. Without a `down.sql` it can be applied all the same.
pub(super) fn record(migration: &dyn DieselMigration<Pg>) -> Result<Migration, SourceError> {
    let name = migration.name().to_string();
    let in_transaction = migration.metadata().run_in_transaction();
    let mut recorder = Recorder::default();
    if let Err(source) = migration.run(&mut recorder) {
        return Err(SourceError::NotSql { name, source });
    }
    let up = Sql::new(recorder.text, in_transaction);
    Ok(Migration {
        version: Version::recorded(migration.name().version().to_string()),
        name,
        in_transaction,
        fingerprint: fingerprint(up.text(), in_transaction),
        down: down(migration, in_transaction),
        up,
    })
}

/// A migration of this crate, in a transaction, from its texts.
pub(super) fn of_texts(name: &str, up: &str, down: &str) -> Migration {
    let sql = |text: &str| Sql::new(text.to_owned(), true);
    let version = name.split('_').next().unwrap_or(name);
    Migration {
        version: Version::recorded(version.replace('-', "")),
        name: name.to_owned(),
        in_transaction: true,
        fingerprint: fingerprint(up, true),
        up: sql(up),
        down: Some(sql(down)),
    }
}

/// The SQL that reverts `migration`, if there is some.
fn down(migration: &dyn DieselMigration<Pg>, in_transaction: bool) -> Option<Sql> {
    let mut recorder = Recorder::default();
    migration.revert(&mut recorder).ok()?;
    let down = Sql::new(recorder.text, in_transaction);
    (!down.is_empty()).then_some(down)
}
