//! What the tests share: commands to run, databases to run them on, migrations
//! of their own.

mod catalog;
mod cut_off;
mod database;
mod gate;
pub(crate) mod pasted;
mod site;
mod whole;

pub(crate) use catalog::assert_alike;
pub(crate) use cut_off::cut_off;
pub(crate) use database::Database;
pub(crate) use gate::WAIT_AT_GATE;
pub(crate) use site::{Site, named, names};
pub(crate) use tenant_core::remedy::Command as Call;
pub(crate) use test_support::{
    Command, Finished, Folder, Migrations, OUR_VERSIONS, Terminal, copy, eventually, outcome,
};
