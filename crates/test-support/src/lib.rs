//! What this workspace's own tests share: databases, real ones and one for each
//! test, and commands to run on them, judged by what a user would notice.
//!
//! The databases are those that `tenant_testing` gives to the tests of any
//! application, with the questions that the tests of this workspace ask.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "without what it needs a test can only end, and its panic is the report"
)]

mod command;
mod database;
mod finished;
mod help;
mod migrations;
mod pgbouncer;
mod schema;
mod server;
mod standby;
mod terminal;
mod told;
mod trials;
mod wait;

pub use command::{Command, Folder, Running};
pub use database::{Role, TestDatabase};
pub use finished::{Finished, outcome};
pub use help::{assert_help_fits, assert_tells_version, help_of};
pub use migrations::{Migrations, OUR_VERSIONS, copy};
pub use pgbouncer::PgBouncer;
pub use schema::violations;
pub use server::{own_server, server_url};
pub use standby::Replicated;
pub use terminal::{Ended, Terminal};
pub use told::say_not_run;
pub use trials::{Trials, citus_url, is_citus_wanted, long, pictures, rounds};
pub use wait::eventually;
