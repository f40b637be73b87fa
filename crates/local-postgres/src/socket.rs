//! Where a server listens: a Unix socket in a folder that no other user may enter.

use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::account::Account;
use crate::error::Error;

/// The longest socket path that every system takes, in bytes; the kernels'
/// limits are 104 (macOS) and 108 (Linux), with the final zero.
const LONGEST: usize = 100;

/// PostgreSQL's usual port: over a Unix socket it is only a part of the name.
pub(crate) const PORT: u16 = 5432;

/// The folder and the port that make up the address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    /// Whether the folder lies where others can make folders too.
    pub(crate) shared: bool,
}

impl Address {
    /// The address for a server whose folder is `home`: inside it, or in a short
    /// folder named after it when clients could not use the socket's path.
    pub(crate) fn within(home: &Path) -> Self {
        let inside = Self {
            folder: home.join("socket"),
            port: PORT,
            shared: false,
        };
        if inside.is_usable() {
            return inside;
        }
        let digest = Sha256::digest(home.as_os_str().as_bytes());
        let name: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
        Self {
            folder: Path::new("/tmp").join(format!("local-postgres-{name}")),
            port: PORT,
            shared: true,
        }
    }

    /// Whether every client can connect there: the path is short enough, and it
    /// has no comma, which libpq takes for the end of one host of several.
    pub(crate) fn is_usable(&self) -> bool {
        let path = self.socket();
        path.as_os_str().len() <= LONGEST && path.to_str().is_some_and(|it| !it.contains(','))
    }

    fn socket(&self) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{}", self.port))
    }

    /// Whether a process listens there. The folder is private, so it is ours.
    pub(crate) fn answers(&self) -> bool {
        UnixStream::connect(self.socket()).is_ok()
    }

    /// Removes the files of a killed server. Its socket's lock names a process id that another
    /// process may have by now.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        let mut lock = self.socket().into_os_string();
        lock.push(".lock");
        for path in [self.socket(), PathBuf::from(lock)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Error::file("remove the stale", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes the folder in `/tmp`, if that is where it is and the server has
    /// left nothing in it.
    pub(crate) fn tidy_up(&self) {
        if self.shared {
            // Not worth an error: an empty folder does no harm.
            let _ = fs::remove_dir(&self.folder);
        }
    }

    /// Makes the folder, or makes sure that it is the account's alone.
    pub(crate) fn prepare(&self, account: &Account) -> Result<(), Error> {
        let folder = &self.folder;
        match DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => {
                set_private(folder)?;
                account.own(folder)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.check(account),
            Err(error) => Err(Error::file("create the socket folder", folder)(error)),
        }
    }

    /// All users can write to `/tmp`. Another user may have created the folder first, to run the
    /// server that then receives the data.
    fn check(&self, account: &Account) -> Result<(), Error> {
        let folder = &self.folder;
        let seen = fs::symlink_metadata(folder).map_err(Error::file("inspect", folder))?;
        let mine = rustix::process::geteuid().as_raw();
        let reason = if !seen.is_dir() {
            Some("it is not a folder".to_owned())
        } else if !self.shared {
            set_private(folder)?;
            None
        } else if seen.uid() != account.uid() && seen.uid() != mine {
            Some(format!("it belongs to user {}", seen.uid()))
        } else if seen.mode() & 0o077 != 0 {
            Some("other users can enter it".to_owned())
        } else {
            None
        };
        match reason {
            Some(reason) => Err(Error::UnsafeSocketFolder {
                path: folder.clone(),
                reason,
            }),
            None => account.own(folder),
        }
    }

    /// The URL of a database of this server, for the superuser `postgres`.
    ///
    /// The port is spelled out, because clients built on libpq would otherwise
    /// take it from `PGPORT`.
    pub(crate) fn url(&self, database: &str) -> String {
        let folder = encode(self.folder.as_os_str().as_bytes());
        let database = encode(database.as_bytes());
        format!("postgres://postgres@{folder}:{}/{database}", self.port)
    }
}

/// The creation mode was subject to the umask, which may have taken from it.
fn set_private(folder: &Path) -> Result<(), Error> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))
        .map_err(Error::file("close to others", folder))
}

/// Percent-encodes everything but the characters that are plain in every part
/// of a URL (RFC 3986, section 2.3).
fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_a_strange_folder_is_percent_encoded() {
        let address = Address {
            folder: "/p/$(touch x) 'q\" é".into(),
            port: 5432,
            shared: false,
        };
        let expected =
            "postgres://postgres@%2Fp%2F%24%28touch%20x%29%20%27q%22%20%C3%A9:5432/a%2Fb";
        assert_eq!(address.url("a/b"), expected);
    }

    #[test]
    fn a_path_that_clients_cannot_use_is_replaced_by_a_short_one_of_its_own() {
        let long = Path::new("/p").join("x".repeat(120));
        let other = Path::new("/p").join("y".repeat(120));
        assert!(Address::within(&long).is_usable());
        assert_ne!(Address::within(&long), Address::within(&other));
        assert_eq!(Address::within(&long), Address::within(&long));
        let comma = Address::within(Path::new("/a,b"));
        assert!(comma.shared && comma.is_usable());
    }

    #[test]
    fn a_socket_folder_that_others_may_enter_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("socket");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let address = Address {
            folder,
            port: PORT,
            shared: true,
        };
        let error = address.prepare(&Account::Myself).unwrap_err();
        assert!(
            error.to_string().contains("other users can enter it"),
            "{error}"
        );
    }

    #[test]
    fn a_link_in_place_of_the_socket_folder_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("socket");
        std::os::unix::fs::symlink(root.path(), &folder).unwrap();
        let address = Address {
            folder,
            port: PORT,
            shared: true,
        };
        let error = address.prepare(&Account::Myself).unwrap_err();
        assert!(error.to_string().contains("not a folder"), "{error}");
    }
}
