//! The commands of this project, one binary each.
//!
//! A binary is one line: everything is here, so that the completions know
//! every command and the tests reach every part. The commands are thin over
//! `tenant_core`: they find the database, ask, show, and choose an exit code.
//!
//! What scripts may rely on: results on standard output, everything else on
//! standard error; one JSON document with `--json`; the exit codes of
//! [`exit::Verdict`].

mod ask;
pub mod commands;
mod database;
mod environment;
mod exit;
mod hints;
mod interrupt;
mod json;
mod options;
mod output;
mod progress;
mod report;
mod script;

pub use exit::Verdict;
pub use options::Common;
pub use output::Output;
pub use script::{Context, Script, run};
