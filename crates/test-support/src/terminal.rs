//! Commands, each in its own terminal.

use rexpect::process::WaitStatus;
use rexpect::session::{Options, PtySession, spawn_with_options};

use crate::Command;

/// A command at a terminal.
pub struct Terminal(PtySession);

/// A command that has ended there: what it wrote since it was last waited for,
/// and its exit code.
#[derive(Debug)]
pub struct Ended {
    /// What it wrote.
    pub shown: String,
    /// Its exit code.
    pub code: i32,
}

impl Terminal {
    /// Starts it. Colours and the like stay in what is shown.
    pub fn start(command: Command) -> Self {
        let options = Options::new().timeout_ms(Some(30_000));
        let command = command.env("TERM", "xterm-256color").into_std();
        Self(spawn_with_options(command, options).unwrap())
    }

    /// Waits until it has written `text`; gives back what came before.
    pub fn until(&mut self, text: &str) -> String {
        self.0.exp_string(text).unwrap()
    }

    /// Types keys, without Enter.
    pub fn presses(&mut self, keys: &str) {
        self.0.send(keys).unwrap();
        self.0.flush().unwrap();
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        self.0.send_line(line).unwrap();
    }

    /// Presses Ctrl and that letter.
    pub fn presses_control(&mut self, letter: char) {
        self.0.send_control(letter).unwrap();
    }

    /// Is sent a signal, as `kill` does.
    pub fn is_sent(&mut self, signal: &str) {
        let signal = signal.parse().unwrap();
        self.0.process_mut().signal(signal).unwrap();
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let shown = self.0.exp_eof().unwrap();
        match self.0.process().wait().unwrap() {
            WaitStatus::Exited(_, code) => Ended { shown, code },
            other => panic!("{other:?} after {shown}"),
        }
    }
}
