//! [`At`]: which migrations a schema has.

use super::Version;

/// The version of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// Before the first migration.
    Nothing,
    /// This migration and all older ones.
    Version(Version),
}

impl From<Version> for At {
    fn from(version: Version) -> Self {
        Self::Version(version)
    }
}

/// `None` is where a schema has none of the migrations.
impl From<Option<Version>> for At {
    fn from(version: Option<Version>) -> Self {
        version.map_or(Self::Nothing, Self::Version)
    }
}
