//! What the tests share: commands to run, databases to run them on, migrations
//! of their own.

mod database;
mod gate;

pub(crate) use database::Database;
pub(crate) use gate::WAIT_AT_GATE;
pub(crate) use test_support::{
    Command, Finished, Folder, Migrations, OUR_VERSIONS, Terminal, copy, eventually, outcome,
};
