//! What to do about an error, a problem or a note, as data.
//!
//! The library doesn't know the commands and options of your program. It therefore returns a call,
//! SQL, or a kind of advice, and your program provides the words. Several remedies of one error are
//! alternatives, in the order to try them:
//!
//! ```
//! use tenant_core::remedy::{Advice, Command, Remedy};
//!
//! fn words(remedy: &Remedy) -> String {
//!     match remedy {
//!         Remedy::Command(Command::DropTenant(name)) => format!("my-admin delete {name}"),
//!         Remedy::Advice(Advice::RestoreBackup) => "Restore the backup.".to_owned(),
//!         Remedy::Sql(sql) => sql.statements.join("; "),
//!         other => format!("{other:?}"),
//!     }
//! }
//!
//! let error = tenant_core::Error::MissingSchema("acme".parse()?);
//! let remedies = error.remedies();
//! assert_eq!(words(&remedies[0]), "Restore the backup.");
//! assert_eq!(words(&remedies[1]), "my-admin delete acme");
//! # Ok::<(), tenant_core::InvalidName>(())
//! ```

mod advice;
mod command;
mod of_error;
mod of_refusal;
mod of_sqlstate;
mod sql;

pub use advice::Advice;
pub use command::Command;
pub use sql::{Purpose, Sql};

pub(crate) use of_error::{
    lost_entries, missing_schema, no_extensions_schema, no_schema_behind, of_other_program,
    of_path, of_row,
};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// A call of this library.
    Command(Command),
    /// Statements to run.
    Sql(Sql),
    /// Advice for a person.
    Advice(Advice),
}

impl From<Command> for Remedy {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

impl From<Sql> for Remedy {
    fn from(sql: Sql) -> Self {
        Self::Sql(sql)
    }
}

impl From<Advice> for Remedy {
    fn from(advice: Advice) -> Self {
        Self::Advice(advice)
    }
}
