//! [`Item`]: a schema to do something with.

use crate::name::Entry;

/// A schema to do something with.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) entry: Entry,
    /// The versions that are applied to it, if they were read.
    pub(crate) applied: Option<Vec<String>>,
}

impl From<Entry> for Item {
    fn from(entry: Entry) -> Self {
        Self {
            entry,
            applied: None,
        }
    }
}
