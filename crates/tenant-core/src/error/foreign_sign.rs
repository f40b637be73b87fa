//! [`ForeignSign`]: how a schema shows that another program has migrated it.

use super::words::{applied_migrations, few_versions};
use crate::Version;

/// The signs that another program has migrated a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignSign {
    /// This program has none of the applied versions.
    UnknownVersions,
    /// This program has these versions, but each one with a different text.
    OtherTexts,
    /// This program has these versions, but the schema has none of the tables that they create.
    OtherTables,
}

impl ForeignSign {
    /// The sign in words, after the schema that has it: `versions` are those that show it.
    pub(crate) fn told(self, versions: &[Version]) -> String {
        let (count, few) = (applied_migrations(versions.len()), few_versions(versions));
        match self {
            Self::UnknownVersions => {
                format!("it has {count}, and this program has none of them: {few}")
            }
            Self::OtherTexts => {
                format!("it has {count}, each with a different text in this program: {few}")
            }
            Self::OtherTables => {
                format!(
                    "it has {count}, but none of the tables that they create in this program: {few}"
                )
            }
        }
    }
}
