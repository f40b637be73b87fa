//! Real servers, started, killed and found again.
//!
//! The tests need PostgreSQL with `psql` on this machine. Some need root: they
//! are about root, or about what one user does with another's data.
//! Those that fetch a package are run with `cargo test -- --ignored`.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod accounts;
mod downloads;
mod projects;
mod searches;
mod support;
mod throwaways;
