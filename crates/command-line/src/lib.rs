//! What every command of this project shares, from the arguments to the exit
//! code.
//!
//! A command is a clap parser that implements [`Script`], and a program whose
//! `main` is [`run`]. It is handed a [`Context`]: the database, the project's
//! folder, the extensions and the [`Output`]. Which migrations there are is
//! the command's own business, so this crate knows no schema crate, and
//! commands built on it work while a `schema.rs` is being edited.
//!
//! What scripts may rely on: results on standard output, everything else on
//! standard error; one JSON document with `--json`; the exit codes of
//! [`Verdict`].

pub mod ask;
pub mod database;
mod environment;
pub mod exit;
pub mod files;
pub mod hints;
pub mod init;
pub mod interrupt;
pub mod invocation;
pub mod json;
mod migration_folder;
pub mod options;
pub mod output;
pub mod project;
pub mod remedy;
mod script;
pub mod settings;
mod shell;
mod url;
pub mod words;

pub use environment::Environment;
pub use exit::Verdict;
pub use invocation::Invocation;
pub use options::Common;
pub use output::Output;
pub use script::{Context, Script, run};
pub use settings::ProjectSettings;
