//! [`Step`]: one change and how to take it back.
//!
//! Steps are made so that each one's `down` is right in the state in which its
//! `up` has left the schema. Run in reverse order, the `down`s of all steps
//! therefore lead back to the start.

pub(crate) mod column;
pub(crate) mod convert;
pub(crate) mod custom_type;
pub(crate) mod key;
pub(crate) mod table;
pub(crate) mod view;

/// A change of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it does, in a few words, such as "add column `title` to `tasks`".
    /// Empty when it only prepares another one.
    pub summary: String,
    /// The statements that make the change, each with its semicolon.
    pub up: Vec<String>,
    /// The statements that take it back.
    pub down: Vec<String>,
}

impl Step {
    pub(crate) fn new(summary: impl Into<String>, up: String, down: String) -> Self {
        Self {
            summary: summary.into(),
            up: vec![up],
            down: vec![down],
        }
    }
}
