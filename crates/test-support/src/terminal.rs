//! Commands at a terminal of their own.

use rexpect::process::WaitStatus;
use rexpect::session::{Options, PtySession, spawn_with_options};

use super::Command;

/// A command at a terminal.
pub(crate) struct Terminal(PtySession);

/// A command that has ended there: what it wrote since it was last waited for,
/// and its exit code.
pub(crate) struct Ended {
    pub(crate) shown: String,
    pub(crate) code: i32,
}

impl Terminal {
    /// Starts it. Colours and the like stay in what is shown.
    pub(crate) fn start(command: Command) -> Self {
        let options = Options::new().timeout_ms(Some(30_000));
        let command = command.env("TERM", "xterm-256color").into_std();
        Self(spawn_with_options(command, options).unwrap())
    }

    /// Waits until it has written `text`; gives back what came before.
    pub(crate) fn until(&mut self, text: &str) -> String {
        self.0.exp_string(text).unwrap()
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) {
        self.0.send_line(line).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let shown = self.0.exp_eof().unwrap();
        match self.0.process().wait().unwrap() {
            WaitStatus::Exited(_, code) => Ended { shown, code },
            other => panic!("{other:?} after {shown}"),
        }
    }
}
