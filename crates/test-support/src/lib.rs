//! Databases for this workspace's own tests: real ones, one for each test.
//!
//! All tests of a process share one server, which this crate starts, unless
//! `TEST_DATABASE_URL` names another. It is a real PostgreSQL with its files in
//! memory where there is room; a watchdog removes it when the process ends,
//! however it ends.

#![expect(
    clippy::expect_used,
    reason = "without its database a test can only end, and its panic is the report"
)]

mod database;
mod server;

pub use database::{Role, TestDatabase};
pub use server::{own_server, server_url};
