//! Exit codes, and which error means which.

use std::process::ExitCode;

use tenant_core::{Error, InvalidName};

use crate::hints::Advised;
use crate::mistakes::Mistakes;
use crate::own_server;
use crate::project::NoProject;

/// How a command ended, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// 0: the command is done, and nothing is wrong.
    Done,
    /// 1: the command is done or was tried, and something is wrong: a tenant failed, a check
    /// found a problem, something is pending, two tenants differ.
    Wrong,
    /// 2: the command was called in a wrong way, for example with the name of a tenant that
    /// does not exist. Nothing was changed. A comparison also ends so if it could not be made.
    Usage,
    /// 3: the database could not be reached, refused the login, or is not set up.
    NoDatabase,
    /// 130: Ctrl-C, SIGTERM or SIGHUP ended the command, after it had cleaned up.
    Interrupted,
}

impl Verdict {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 5] = [
        Self::Done,
        Self::Wrong,
        Self::Usage,
        Self::NoDatabase,
        Self::Interrupted,
    ];

    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Wrong => 1,
            Self::Usage => 2,
            Self::NoDatabase => 3,
            Self::Interrupted => INTERRUPTED,
        }
    }

    /// What the code means, for readers of the manual.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "The command is done, and nothing is wrong.",
            Self::Wrong => "The command failed, or it finished and found a problem.",
            Self::Usage => "Wrong use. Nothing was changed.",
            Self::NoDatabase => {
                "The database could not be reached, refused the login, or is not set up."
            }
            Self::Interrupted => "Ctrl-C, SIGTERM, or SIGHUP ended the command.",
        }
    }

    /// What an error that ended the command means.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Self {
        if error.is::<UsageError>() || error.is::<Mistakes>() || error.is::<InvalidName>() {
            return Self::Usage;
        }
        if error.is::<Interrupted>() {
            return Self::Interrupted;
        }
        match error.downcast_ref::<Error>() {
            Some(Error::SameName(_) | Error::Unknown(_)) => Self::Usage,
            Some(Error::Connect(_) | Error::NotSetUp { .. } | Error::NoSpareList { .. }) => {
                Self::NoDatabase
            }
            _ if error.is::<tenant_core::ConnectError>() => Self::NoDatabase,
            _ if own_server::is_its_error(error) || error.is::<NoProject>() => Self::NoDatabase,
            _ if error.is::<tenant_core::SourceError>() => Self::Usage,
            _ => Self::Wrong,
        }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        Self::from(verdict.code())
    }
}

/// Arguments that clap accepts and the command cannot work with.
#[derive(Debug)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// A wrong use, and what to do instead.
#[must_use]
pub fn usage(what: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    let what = what.into();
    anyhow::Error::new(UsageError(what.clone())).context(Advised::new(what, hint))
}

/// Ctrl-C or SIGTERM ended the command, after it had put things in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// The exit code that a shell gives a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Ends the process at once, as a shell expects of one that Ctrl-C ended.
pub fn at_once() -> ! {
    std::process::exit(INTERRUPTED.into())
}
