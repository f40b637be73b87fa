//! What a file of settings should say about a project, found by looking at the project:
//! its folders, Diesel's configuration, and the database if it answers.
//!
//! Nothing is changed here. The questions to the user are the command's, which also writes
//! the file.

mod columns;
mod database;
mod disk;
mod proposal;
mod stream;
mod template;
mod text;
mod toml_text;
mod walk;

pub use columns::ListColumn;
pub use database::{InDatabase, look as look_at_database};
pub use disk::{OnDisk, look as look_at_disk, of_project as look_at_folder};
pub use proposal::{Proposal, Registered, TakenVersion, Unclear};
pub use stream::Stream;
pub use text::{shown_text, text};

#[cfg(test)]
mod tests;
