//! The commands for writing migrations.
//!
//! They read the project as it lies on the disk: `diesel.STREAM.toml`, the
//! migrations, `schema.rs`. None of it is compiled in, and no schema crate is
//! known here, because these commands are wanted exactly when a `schema.rs`
//! has been edited and what rests on it does not compile.
//!
//! What the migrations make is learned from a [`scratch`] database, which is
//! gone when the command ends. The user's own data is never touched.

mod base;
pub mod commands;
mod config;
pub mod diesel_cli;
pub mod entry;
pub mod files;
mod generate;
pub mod lint_options;
mod options;
pub mod project;
pub mod schema_file;
pub mod scratch;

pub use project::{Project, Stream, StreamFiles};
