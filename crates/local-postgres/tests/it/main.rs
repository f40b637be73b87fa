//! Real servers, started, killed and found again.
//!
//! The tests need PostgreSQL with `psql` on this machine. Some need root: they
//! are about root, or about what one user does with another's data.
//! Two fetch a package of some 20 MB, and are passed over without a network.

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
