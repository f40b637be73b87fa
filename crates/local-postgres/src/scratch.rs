//! The place of a throwaway server's data: in memory if there is room.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::Error;
use crate::socket::Address;

/// Memory that is shared between processes, where Linux offers it as a disk.
const MEMORY: &str = "/dev/shm";

/// A cluster may grow to several hundred MiB in tests; containers often have
/// only 64 MiB there.
const ROOMY_BYTES: u64 = 1024 * 1024 * 1024;

/// Makes the server's folder where it is fast, or else where temporary files
/// go, or else where the path of a socket is not too long.
pub(crate) fn make_folder() -> Result<PathBuf, Error> {
    if is_roomy(Path::new(MEMORY))
        && let Ok(folder) = make_folder_in(Path::new(MEMORY))
    {
        return Ok(folder);
    }
    let temporary = std::env::temp_dir();
    let sample = Address {
        folder: temporary.join("local-postgres-4194304-4194304"),
        port: u16::MAX,
        shared: false,
    };
    make_folder_in(if sample.is_usable() {
        &temporary
    } else {
        Path::new("/tmp")
    })
}

fn is_roomy(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|it| it.f_bavail * it.f_frsize >= ROOMY_BYTES)
}

fn make_folder_in(parent: &Path) -> Result<PathBuf, Error> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("local-postgres-{}-{number}", process::id());
        let folder = parent.join(name);
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            // A leftover of a process that had our id, or another container's.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::file("create", &folder)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_has_a_folder_of_its_own() {
        let root = tempfile::tempdir().unwrap();
        let first = make_folder_in(root.path()).unwrap();
        assert_ne!(make_folder_in(root.path()).unwrap(), first);
    }

    #[test]
    fn a_folder_that_does_not_exist_is_not_roomy() {
        let root = tempfile::tempdir().unwrap();
        assert!(!is_roomy(&root.path().join("missing")));
    }
}
