//! What the tests share: commands to run, databases to run them on, migrations
//! of their own.

mod command;
mod database;
mod finished;
mod migrations;
mod wait;

pub(crate) use command::{Command, Folder};
pub(crate) use database::Database;
pub(crate) use finished::{Finished, outcome};
pub(crate) use migrations::{Migrations, OUR_VERSIONS};
pub(crate) use wait::{LIMIT, eventually};
