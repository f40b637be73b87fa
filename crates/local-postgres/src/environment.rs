//! Reads environment variables; no other module of this crate does.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Variables a server may inherit.
///
/// Everything else stays behind: `PG*` would change how the server behaves, and
/// a server that runs for days, perhaps as another user, has no business with
/// the passwords and tokens of the command that happened to start it.
const INHERITED: [&str; 6] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "LOCALE_ARCHIVE",
    "TMPDIR",
    "TZDIR",
];

/// The folders of `PATH`, in order.
pub(crate) fn path_folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .collect()
}

/// The variables that a server is started with.
pub(crate) fn for_server() -> Vec<(&'static str, OsString)> {
    INHERITED
        .iter()
        .filter_map(|name| Some((*name, env::var_os(name)?)))
        .chain([("LC_ALL", "C".into()), ("TZ", "UTC".into())])
        .collect()
}

/// The user's folder for things that can be fetched again.
///
/// Root gets the system's one: a home is usually closed to the user that the
/// server runs as, and that user must be able to read the binaries.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    if let Some(folder) = env::var_os("XDG_CACHE_HOME").map(PathBuf::from)
        && folder.is_absolute()
    {
        return Some(folder);
    }
    let macos = cfg!(target_os = "macos");
    if rustix::process::geteuid().is_root() {
        let system = if macos {
            "/Library/Caches"
        } else {
            "/var/cache"
        };
        return Some(PathBuf::from(system));
    }
    let cache = Path::new(if macos { "Library/Caches" } else { ".cache" });
    env::home_dir().map(|home| home.join(cache))
}
