//! The program `tenants`: every command of this project as a subcommand, for any project on
//! Diesel.
//!
//! The commands come from `tenant_commands`, `studio_commands` and `authoring_commands`, with the
//! same options, output and exit codes. No schema crate is compiled in: the migrations are read
//! from the disk.

mod program;
mod subcommands;

pub use program::{command, run, schemas};
pub use subcommands::{GROUPS, Group, Subcommand};
