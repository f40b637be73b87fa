//! The commands for writing migrations as their users meet them, and the
//! scratch databases behind them, on a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod diesel_cli;
mod edits;
mod extensions;
mod generate;
mod help;
mod in_use;
mod leftovers;
mod lint;
mod print_schema;
mod repository;
mod scratch;
mod settings;
mod support;
