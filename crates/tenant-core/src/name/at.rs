//! [`At`]: which migrations a schema has.

use super::Version;

/// How far a schema is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// It has none of the migrations.
    Nothing,
    /// It has this migration and all older ones.
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
