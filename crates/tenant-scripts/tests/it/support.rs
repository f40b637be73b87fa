//! What the tests share: commands to run, databases to run them on, migrations
//! of their own.

mod command;
mod database;
mod finished;
mod gate;
mod migrations;
mod terminal;
mod wait;

pub(crate) use command::{Command, Folder};
pub(crate) use database::Database;
pub(crate) use finished::{Finished, outcome};
pub(crate) use gate::WAIT_AT_GATE;
pub(crate) use migrations::{Migrations, OUR_VERSIONS, copy};
pub(crate) use terminal::Terminal;
use wait::LIMIT;
pub(crate) use wait::eventually;
