//! What this workspace's own tests share: databases, real ones and one for each
//! test, and commands to run on them, judged by what a user would notice.
//!
//! All tests of a process share one server, which this crate starts, unless
//! `TEST_DATABASE_URL` names another. It is a real PostgreSQL with its files in
//! memory where there is room; a watchdog removes it when the process ends,
//! however it ends.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "without what it needs a test can only end, and its panic is the report"
)]

mod command;
mod database;
mod finished;
mod migrations;
mod pgbouncer;
mod server;
mod terminal;
mod told;
mod trials;
mod wait;

pub use command::{Command, Folder, Running};
pub use database::{Role, TestDatabase};
pub use finished::{Finished, outcome};
pub use migrations::{Migrations, OUR_VERSIONS, copy};
pub use pgbouncer::PgBouncer;
pub use server::{own_server, server_url};
pub use terminal::{Ended, Terminal};
pub use told::say_not_run;
pub use trials::{Trials, long, rounds};
pub use wait::eventually;
