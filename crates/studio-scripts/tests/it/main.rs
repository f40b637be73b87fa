//! The commands of this package as their users meet them: the real programs, run
//! against a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod database;
mod help;
mod studio;
