//! [`Version`]: the version of a migration.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The version of a migration, as Diesel stores it.
///
/// Diesel derives it from the folder of the migration: the text before the first `_`, without
/// hyphens. Versions are ordered by their text, as in Diesel. You can also parse a folder name:
///
/// ```
/// use tenant_core::Version;
///
/// let version: Version = "2026-01-02-000000_add_due_date".parse()?;
/// assert_eq!(version, "20260102000000");
/// assert!(version > "20260101000000".parse()?);
/// assert!("".parse::<Version>().is_err());
/// # Ok::<(), tenant_core::InvalidVersion>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct Version(String);

impl Version {
    /// A version as a table of applied migrations or a migration has it.
    pub(crate) fn recorded(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the version as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is not a version.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a migration version, such as `20260102000000`")]
pub struct InvalidVersion(String);

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let version = text.split('_').next().unwrap_or(text).replace('-', "");
        if version.is_empty() {
            return Err(InvalidVersion(text.to_owned()));
        }
        Ok(Self(version))
    }
}

impl TryFrom<&str> for Version {
    type Error = InvalidVersion;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<String> for Version {
    type Error = InvalidVersion;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.0
    }
}

impl AsRef<str> for Version {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Versions are equal, ordered and hashed as their texts.
impl Borrow<str> for Version {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Equality with texts, from both sides.
macro_rules! equal_to {
    ($($text:ty)+) => { $(
        impl PartialEq<$text> for Version {
            fn eq(&self, other: &$text) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<Version> for $text {
            fn eq(&self, other: &Version) -> bool {
                *self == other.0
            }
        }
    )+ };
}

equal_to! { str &str String }

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// The versions, with commas between them.
pub(crate) fn listed(versions: &[Version]) -> String {
    let versions = versions.iter().map(Version::as_str);
    versions.collect::<Vec<_>>().join(", ")
}
