//! The commands for writing migrations.
//!
//! They read the project on the disk: `diesel.STREAM.toml`, the migrations and
//! `schema.rs`. Nothing of it is compiled in, and this crate knows no schema
//! crate: people need these commands after they have edited a `schema.rs`,
//! while code that depends on it does not compile.
//!
//! A [`scratch`] database shows what the migrations create, and is dropped when
//! the command ends. The commands never touch the user's data.

mod advice;
mod base;
pub mod commands;
mod config;
pub mod diesel_cli;
pub mod entry;
pub mod files;
mod findings;
mod generate;
pub mod lint_options;
mod options;
pub mod project;
pub mod schema_file;
pub mod scratch;
mod standard_output;

pub use project::{Project, Stream, StreamFiles};
