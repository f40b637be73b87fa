//! `.postgres/`: the folder of a project's server, and who may use it when.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::geteuid;

use crate::account::user_name;
use crate::error::Error;
use crate::settings::no_follow;
use crate::socket::Address;

/// How long another command may take; making a cluster on a slow disk does.
const LOCK_LIMIT: Duration = Duration::from_secs(180);

/// How often the lock is asked for. It is not waited for, so that a command
/// that hangs elsewhere does not hang this one without a word.
const LOCK_POLL: Duration = Duration::from_millis(10);

/// The folder of a server, found to be the user's own.
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder of a project, made if there is none.
    pub(crate) fn open_or_create(project: &Path) -> Result<Self, Error> {
        let project = fs::canonicalize(project).map_err(Error::file("find", project))?;
        let path = project.join(".postgres");
        match DirBuilder::new().mode(mode()).create(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(Error::file("create", &path)(error));
            }
            _ => {}
        }
        let folder = Self::trusted(path)?;
        folder.keep_private()?;
        Ok(folder)
    }

    /// The folder of a project, if there is one.
    pub(crate) fn open(project: &Path) -> Result<Option<Self>, Error> {
        let Ok(project) = fs::canonicalize(project) else {
            return Ok(None);
        };
        let path = project.join(".postgres");
        if fs::symlink_metadata(&path).is_err_and(|it| it.kind() == ErrorKind::NotFound) {
            return Ok(None);
        }
        Self::trusted(path).map(Some)
    }

    /// A link could lead to data of another project, and another user's folder
    /// may change under our hands: neither is used.
    fn trusted(path: PathBuf) -> Result<Self, Error> {
        let seen = fs::symlink_metadata(&path).map_err(Error::file("inspect", &path))?;
        if !seen.is_dir() {
            return Err(Error::NotAFolder { path });
        }
        let me = geteuid().as_raw();
        if seen.uid() != me {
            return Err(Error::ForeignOwner {
                path,
                owner: user_name(seen.uid()),
                user: user_name(me),
            });
        }
        Ok(Self { path })
    }

    fn keep_private(&self) -> Result<(), Error> {
        fs::set_permissions(&self.path, Permissions::from_mode(mode()))
            .map_err(Error::file("close to others", &self.path))?;
        let ignore = self.path.join(".gitignore");
        match File::create_new(&ignore).and_then(|mut file| file.write_all(b"*\n")) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(Error::file("write", &ignore)(error))
            }
            _ => Ok(()),
        }
    }

    /// Takes the lock that makes commands start and stop the server one after
    /// the other. It is given back when the file is dropped.
    pub(crate) fn lock(&self) -> Result<File, Error> {
        let path = self.path.join("lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(no_follow())
            .open(&path)
            .map_err(Error::file("open", &path))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(Error::file("lock", &path)(error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() > LOCK_LIMIT => break,
                Err(TryLockError::WouldBlock) => sleep(LOCK_POLL),
            }
        }
        Err(Error::Locked {
            folder: self.path.clone(),
            limit: LOCK_LIMIT,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }

    pub(crate) fn address(&self) -> Address {
        Address::within(&self.path)
    }
}

/// Root's server runs as another user, who must be able to pass through.
fn mode() -> u32 {
    if geteuid().is_root() { 0o711 } else { 0o700 }
}
