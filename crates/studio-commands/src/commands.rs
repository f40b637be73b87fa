//! One file for each command.

mod completions;
mod json_schema;
mod man_pages;
mod studio;

pub use completions::Completions;
pub use json_schema::JsonSchema;
pub use man_pages::ManPages;
pub use studio::Studio;
