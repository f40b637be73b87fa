//! Starts a server, waits until it accepts connections, and stops it.
//!
//! `postgres` is started directly. `pg_ctl start` would do so through a shell,
//! which executes what a folder's name contains.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Signal, WaitOptions, kill_process, test_kill_process, waitpid};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::Error;
use crate::pid_file::{self, PidFile};
use crate::run;
use crate::settings;
use crate::socket::Address;

/// How long a server may take to start or to stop.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// How long the processes of a killed server may keep its memory in use.
const ORPHANS_LIMIT: Duration = Duration::from_secs(10);

/// How often a state is looked at that nothing announces.
const POLL: Duration = Duration::from_millis(5);

/// A log longer than this many bytes is set aside when the server starts.
const LOG_BYTES: u64 = 10 * 1024 * 1024;

/// What it takes to start a server.
pub(crate) struct Launch<'a> {
    pub(crate) binaries: &'a Binaries,
    pub(crate) account: &'a Account,
    pub(crate) data: &'a Path,
    pub(crate) log: &'a Path,
    pub(crate) address: &'a Address,
}

impl Launch<'_> {
    /// Starts the server and waits until it is ready. Returns its process id,
    /// which `spawned` is told as soon as there is one.
    ///
    /// The caller has made sure that no server runs on these data.
    pub(crate) fn start(&self, spawned: &mut dyn FnMut(u32)) -> Result<u32, Error> {
        self.address.prepare(self.account)?;
        let begun = Instant::now();
        loop {
            match self.attempt(spawned) {
                // The server was killed, and its last processes are just ending.
                Err(Error::Start { log, .. })
                    if log.contains("pre-existing shared memory block")
                        && begun.elapsed() < ORPHANS_LIMIT =>
                {
                    sleep(POLL * 20);
                }
                outcome => return outcome,
            }
        }
    }

    fn attempt(&self, spawned: &mut dyn FnMut(u32)) -> Result<u32, Error> {
        if !self.address.answers() {
            self.address.clear()?;
        }
        let log = open_log(self.log)?;
        let start = log.metadata().map_or(0, |seen| seen.len());
        let mut child = self.spawn(log)?;
        let pid = child.id();
        spawned(pid);
        match self.wait(&mut child)? {
            Wait::Ready => Ok(pid),
            Wait::Ended(status) => Err(Error::Start {
                status,
                log: log_since(self.log, start),
            }),
            Wait::TimedOut => Err(Error::NotReady {
                pid,
                limit: LIMIT,
                log: log_since(self.log, start),
            }),
        }
    }

    fn spawn(&self, log: File) -> Result<Child, Error> {
        let postgres = self.binaries.postgres();
        let errors = log.try_clone().map_err(Error::file("share", self.log))?;
        let mut command = self.account.command(&postgres);
        command
            .arg("-D")
            .arg(self.data)
            .current_dir(self.data)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // Ctrl-C in the terminal is meant for the command, not for the server.
            .process_group(0);
        if let Some(stale) = PidFile::read(self.data) {
            // If another process of this user has that id now, PostgreSQL would
            // take it for the server and give up. It does not when the process is
            // named as its own starter. Should it be the server after all,
            // PostgreSQL still notices that the shared memory is in use.
            command.env("PG_GRANDPARENT_PID", stale.pid.to_string());
        }
        command.spawn().map_err(Error::spawn(&postgres))
    }

    fn wait(&self, child: &mut Child) -> Result<Wait, Error> {
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            if let Some(status) = child.try_wait().map_err(waiting_for(child.id()))? {
                return Ok(Wait::Ended(status));
            }
            if is_ready(self.data, self.address) == Some(child.id()) {
                return Ok(Wait::Ready);
            }
            sleep(POLL);
        }
        Ok(Wait::TimedOut)
    }
}

fn waiting_for(pid: u32) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Process {
        action: "wait for",
        pid,
        source,
    }
}

enum Wait {
    Ready,
    Ended(ExitStatus),
    TimedOut,
}

/// The process of the server on these data, whether or not it is ready yet.
pub(crate) fn running(data: &Path, address: &Address) -> Option<u32> {
    let pid = PidFile::read(data)?.pid;
    (address.answers() || pid_file::serves(pid, data)).then_some(pid)
}

/// The process of the server on these data, when it takes connections.
pub(crate) fn is_ready(data: &Path, address: &Address) -> Option<u32> {
    let file = PidFile::read(data)?;
    (file.ready && address.answers()).then_some(file.pid)
}

/// Sends the signal and waits until the process has ended. `false` when it
/// still runs after `limit`.
pub(crate) fn end(pid: u32, signal: Signal, limit: Duration) -> Result<bool, Error> {
    let process = pid_file::process(pid)?;
    match kill_process(process, signal) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(error) => {
            return Err(Error::Process {
                action: "signal",
                pid,
                source: error.into(),
            });
        }
    }
    let begun = Instant::now();
    while !has_ended(pid)? {
        if begun.elapsed() > limit {
            return Ok(false);
        }
        sleep(POLL);
    }
    Ok(true)
}

/// Whether the process has ended; one that we started is reaped, because it
/// would otherwise still seem to exist. Others are their parent's to reap, who in
/// a container may do so late or never.
fn has_ended(pid: u32) -> Result<bool, Error> {
    let process = pid_file::process(pid)?;
    Ok(match waitpid(Some(process), WaitOptions::NOHANG) {
        Ok(Some(_)) => true,
        Ok(None) => false,
        Err(_) => test_kill_process(process) == Err(Errno::SRCH) || pid_file::is_zombie(pid),
    })
}

fn open_log(path: &Path) -> Result<File, Error> {
    if fs::symlink_metadata(path).is_ok_and(|seen| seen.len() > LOG_BYTES) {
        fs::rename(path, path.with_extension("log.old")).map_err(Error::file("set aside", path))?;
    }
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(settings::no_follow())
        .open(path)
        .map_err(Error::file("open", path))
}

/// The end of the log, from what was written since it was `start` bytes long.
pub(crate) fn log_since(path: &Path, start: u64) -> String {
    let mut written = Vec::new();
    let read = File::open(path).and_then(|mut log| {
        let length = log.metadata()?.len();
        log.seek(SeekFrom::Start(start.max(length.saturating_sub(64 * 1024))))?;
        log.read_to_end(&mut written)
    });
    match read {
        Ok(_) => run::last_lines(&written),
        Err(error) => format!("(the log could not be read: {error})"),
    }
}
