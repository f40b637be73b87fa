//! Why a command ends without doing its work, and the exit code for it.
//!
//! The codes are those of the scripts: 1 for "tried, and something is wrong",
//! 2 for "wrong use", 3 for "not there". A message is complete as it stands: it says what to do
//! next, and is printed once, by [`crate::run`].

use std::{fmt, process::ExitCode};

/// An error on its way to the terminal.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command was right and could not be carried out: exit code 1.
    Failed(String),
    /// The command was wrong: exit code 2.
    Usage(String),
    /// What it is about is not on this machine: exit code 3.
    NotThere(String),
    /// A program that was run failed, with an exit code that is handed on.
    Exit {
        /// The code.
        code: u8,
        /// What to say; nothing when the program has said it.
        message: String,
    },
}

impl Failure {
    /// The code this process exits with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Failed(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
            Self::NotThere(_) => ExitCode::from(3),
            Self::Exit { code, .. } => ExitCode::from(*code),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(message)
            | Self::Usage(message)
            | Self::NotThere(message)
            | Self::Exit { message, .. } => formatter.write_str(message),
        }
    }
}
