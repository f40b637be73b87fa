//! One file for each command.

mod completions;
mod man_pages;
mod studio;

pub use completions::Completions;
pub use man_pages::ManPages;
pub use studio::Studio;
