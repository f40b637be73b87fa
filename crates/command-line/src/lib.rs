//! What every command of this project shares, from the arguments to the exit
//! code.
//!
//! A command is a clap parser that implements [`Script`], with an [`Entry`] that
//! programs run. It is handed a [`Context`]: the database, the migrations, the
//! extensions and the [`Output`]. Migrations are read from the disk, unless the
//! [`Program`] hands in others: this crate knows no schema crate, and commands
//! built on it work while a `schema.rs` is being edited.
//!
//! What scripts may rely on: results on standard output, everything else on
//! standard error; one JSON document with `--json`; the exit codes of
//! [`Verdict`].

pub mod ask;
pub mod built;
pub mod columns;
pub mod complete;
mod count;
pub mod database;
mod env_file;
mod environment;
pub mod exit;
pub mod explained;
mod harmless;
pub mod help;
pub mod hints;
pub mod init;
pub mod interrupt;
pub mod invocation;
pub mod json;
pub mod message;
mod migration_folders;
pub mod migrations;
mod misplaced;
pub mod mistakes;
mod name_arg;
pub mod options;
pub mod output;
mod own_server;
mod program;
pub mod project;
pub mod remedy;
mod script;
pub mod selection;
pub mod settings;
mod shell;
mod unknown;
mod url;
mod usage;
pub mod words;

pub use count::at_least_one;
pub use environment::{Environment, env_file};
pub use exit::Verdict;
pub use explained::Explained;
pub use invocation::Invocation;
pub use message::{Hint, Message, Place};
pub use migration_folders::MigrationFolders;
pub use name_arg::NameArg;
pub use options::Common;
pub use output::Output;
#[cfg(all(unix, feature = "local-postgres"))]
pub use own_server::server_error;
pub use program::Program;
pub use script::{Context, Entry, Script, refuse};
pub use selection::Selecting;
pub use settings::ProjectSettings;
pub use tenant_settings::files;
