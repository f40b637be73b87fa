//! Takes the SQL out of a Diesel migration, by running it against a connection
//! that only listens.

use std::any::Any;

use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::Migration as DieselMigration;
use diesel::pg::Pg;
use diesel::result::QueryResult;

use super::fingerprint::fingerprint;
use super::{Migration, SourceError, refusal, split};

/// The byte order mark that some editors put at the start of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The words without which nothing of the session outlives a transaction.
const TRACES: [&str; 5] = ["set", "temp", "prepare", "listen", "declare"];

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

/// The SQL that applies `migration`, in statements.
///
/// # Errors
///
/// Whatever the migration itself reports, for example an `up.sql` that is not
/// there.
pub(super) fn record(migration: &dyn DieselMigration<Pg>) -> Result<Migration, SourceError> {
    let name = migration.name().to_string();
    let mut recorder = Recorder::default();
    if let Err(source) = migration.run(&mut recorder) {
        return Err(SourceError::NotSql { name, source });
    }
    let text = match recorder.text.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => text.to_owned(),
        None => recorder.text,
    };
    let in_transaction = migration.metadata().run_in_transaction();
    let (statements, refusal) = match split::split(&text) {
        Ok(statements) => {
            let refusal = refusal::find(&text, &statements, in_transaction);
            (statements, refusal)
        }
        Err(refusal) => (Vec::new(), Some(refusal)),
    };
    // Looked for once: each tenant's message asks for it.
    let lower = text.to_ascii_lowercase();
    Ok(Migration {
        version: migration.name().version().to_string(),
        name,
        in_transaction,
        fingerprint: fingerprint(&text, in_transaction),
        prepares: lower.contains("prepare"),
        may_leave_traces: TRACES.iter().any(|word| lower.contains(word)),
        text,
        statements,
        refusal,
    })
}
