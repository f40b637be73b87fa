//! A project's server in `.postgres/`: started when needed, and left running.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::account::Account;
use crate::cluster::{self, Recipe};
use crate::error::Error;
use crate::find::find_binaries;
use crate::folder::Folder;
use crate::options::Options;
use crate::pid_file;
use crate::postmaster::{self, LIMIT, Launch};
use crate::settings::{self, setting};

/// How the running server was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Startup {
    /// It was running.
    AlreadyRunning,
    /// It was started on the data of earlier runs.
    Started,
    /// There were no data: an empty cluster was made, and the server started.
    Created,
}

/// A server that accepts connections.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Started {
    /// The URL of the database `postgres`, over a Unix socket, percent-encoded.
    pub url: String,
    /// How it was obtained.
    pub outcome: Startup,
    /// The server's process.
    pub pid: u32,
    /// The server's log.
    pub log: PathBuf,
}

/// The result of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stopped {
    /// The server has ended.
    Stopped,
    /// There was none to stop.
    WasNotRunning,
}

/// The server of a project, with durable data in `<project>/.postgres/`. Later commands and other
/// processes find it again.
#[derive(Debug)]
pub struct ProjectServer {
    project: PathBuf,
    options: Options,
}

impl ProjectServer {
    /// Describes the server of a project, without starting it.
    ///
    /// # Arguments
    /// * `project` - the project's folder, which must exist.
    /// * `options` - where binaries may come from.
    #[must_use]
    pub fn new(project: impl Into<PathBuf>, options: Options) -> Self {
        Self {
            project: project.into(),
            options,
        }
    }

    /// Starts the server if it does not run, and creates the cluster first if there is none.
    /// Returns when the server accepts connections. Any number of processes may call this at the
    /// same time.
    ///
    /// A new cluster has the encoding UTF8, the locale C, the time zone UTC and a limit of 200
    /// connections. `ALTER SYSTEM` can change the time zone and the limit.
    ///
    /// The call blocks for about a second if there is no cluster yet, and for some milliseconds if
    /// the server runs.
    ///
    /// # Errors
    /// [`Error::NoBinaries`] and related errors if there is no PostgreSQL to run,
    /// [`Error::ForeignOwner`] if the data belong to another user, [`Error::NoAccount`] if root
    /// cannot run it as another user, [`Error::Start`] or [`Error::NotReady`], with the end of the
    /// log, if the server does not start.
    pub fn ensure_running(&self) -> Result<Started, Error> {
        let folder = Folder::open_or_create(&self.project)?;
        let lock = folder.lock()?;
        if let Some(pid) = running(&folder)? {
            return Ok(started(&folder, Startup::AlreadyRunning, pid));
        }
        let data = folder.data();
        let major = cluster::major(&data)?;
        let binaries = find_binaries(&self.options, major)?;
        let account = Account::choose(&binaries, folder.path())?;
        let address = folder.address();
        let outcome = if major.is_some() {
            account.own_all(&data)?;
            settings::write(&data, &settings::listening_at(&address, false), &account)?;
            Startup::Started
        } else {
            cluster::create(&recipe(&folder, &data), &binaries, &account, Some(&lock))?;
            Startup::Created
        };
        let pid = Launch {
            binaries: &binaries,
            account: &account,
            data: &data,
            log: &folder.log(),
            address: &address,
        }
        .start(&mut |_| {})?;
        Ok(started(&folder, outcome, pid))
    }

    /// Returns the server if it runs and accepts connections. The call starts and creates nothing.
    ///
    /// # Errors
    /// [`Error::ForeignOwner`] and related errors if the folder cannot be read.
    pub fn running(&self) -> Result<Option<Started>, Error> {
        let Some(folder) = Folder::open(&self.project)? else {
            return Ok(None);
        };
        let pid = postmaster::is_ready(&folder.data(), &folder.address());
        Ok(pid.map(|pid| started(&folder, Startup::AlreadyRunning, pid)))
    }

    /// Stops the server and returns when it has ended. The clients' transactions are rolled back (a
    /// "fast" shutdown).
    ///
    /// # Errors
    /// [`Error::ForeignOwner`] if the server belongs to another user, [`Error::Elsewhere`] if it
    /// runs in another container, [`Error::Stop`] if it has not ended after 60 seconds.
    pub fn stop(&self) -> Result<Stopped, Error> {
        let Some(folder) = Folder::open(&self.project)? else {
            return Ok(Stopped::WasNotRunning);
        };
        let _lock = folder.lock()?;
        let data = folder.data();
        let Some(pid) = postmaster::running(&data, &folder.address()) else {
            return Ok(Stopped::WasNotRunning);
        };
        // Whatever a file says, only the server itself is sent a signal.
        if !pid_file::serves(pid, &data) {
            return Err(Error::Elsewhere { data, pid });
        }
        if !postmaster::end(pid, Signal::INT, LIMIT)? {
            return Err(Error::Stop { pid, limit: LIMIT });
        }
        folder.address().tidy_up();
        Ok(Stopped::Stopped)
    }
}

/// The running server, once it is ready: another one may have been left
/// starting, or be on its way down.
fn running(folder: &Folder) -> Result<Option<u32>, Error> {
    let (data, address) = (folder.data(), folder.address());
    let begun = Instant::now();
    loop {
        if let Some(pid) = postmaster::is_ready(&data, &address) {
            return Ok(Some(pid));
        }
        let Some(pid) = postmaster::running(&data, &address) else {
            return Ok(None);
        };
        if begun.elapsed() > LIMIT {
            return Err(Error::NotReady {
                pid,
                limit: LIMIT,
                log: postmaster::log_since(&folder.log(), 0),
            });
        }
        sleep(Duration::from_millis(20));
    }
}

fn recipe<'a>(folder: &Folder, data: &'a Path) -> Recipe<'a> {
    let mut settings = settings::listening_at(&folder.address(), false);
    settings.extend([
        // A pool per process, several processes, and their tests.
        setting("max_connections", "200"),
        // Spelled out: these data are meant to survive a power cut.
        setting("fsync", "on"),
        setting("synchronous_commit", "on"),
    ]);
    Recipe {
        data,
        durable: true,
        settings,
        hba: vec![cluster::local_trust()],
        files: Vec::new(),
    }
}

fn started(folder: &Folder, outcome: Startup, pid: u32) -> Started {
    Started {
        url: folder.address().url(cluster::SUPERUSER),
        outcome,
        pid,
        log: folder.log(),
    }
}
