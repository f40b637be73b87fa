//! One file for each command.

mod completions;
mod studio;

pub use completions::Completions;
pub use studio::Studio;
