//! One command of an installation: run, or shown as a user would type it.

use std::process::{Command, Stdio};

use crate::{console, failure::Failure};

use super::system::Rights;

/// A program and its arguments.
pub(super) struct Step {
    words: Vec<String>,
    on_failure: OnFailure,
}

/// What a failure of the command means for those after it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnFailure {
    /// Say so and go on.
    GoOn,
    /// Give up.
    Stop,
}

impl Step {
    /// A command the user runs as himself.
    pub(super) fn new(words: &[&str], on_failure: OnFailure) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self { words, on_failure }
    }

    /// A command that needs root: any other user gets it with sudo in front. A user without any
    /// rights is shown the command with sudo, too.
    pub(super) fn as_root(rights: Rights, words: &[&str], on_failure: OnFailure) -> Self {
        let sudo: &[&str] = match rights {
            Rights::Root => &[],
            Rights::Sudo => &["sudo", "-n"],
            Rights::User => &["sudo"],
        };
        Self::new(&[sudo, words].concat(), on_failure)
    }

    /// Runs the command, with nothing to read from.
    ///
    /// # Errors
    /// It failed, and that is not to be put up with.
    pub(super) fn run(&self) -> Result<(), Failure> {
        let Some((program, arguments)) = self.words.split_first() else {
            return Ok(());
        };
        // The package manager's own messages are progress, not a result.
        let status = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(std::io::stderr())
            .status();
        let how = match status {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let message = format!("`{}` failed: {how}", as_typed([self]));
        match self.on_failure {
            OnFailure::Stop => Err(Failure::Failed(format!("error: {message}"))),
            OnFailure::GoOn => {
                console::note(&format!("note: {message}; continuing"));
                Ok(())
            }
        }
    }
}

/// The commands as a user would type them, one to a line.
pub(super) fn as_typed<'a>(steps: impl IntoIterator<Item = &'a Step>) -> String {
    let line = |step: &Step| {
        step.words
            .iter()
            .map(|word| quoted(word))
            .collect::<Vec<_>>()
            .join(" ")
    };
    steps.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A word as a shell needs it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./@:+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_reported_unless_it_may_be_put_up_with() {
        for program in ["false", "no-such-program-anywhere"] {
            assert!(Step::new(&[program], OnFailure::GoOn).run().is_ok());
            let failure = Step::new(&[program], OnFailure::Stop).run().unwrap_err();
            assert!(
                failure.to_string().contains(&format!("`{program}` failed")),
                "{failure}"
            );
        }
    }

    #[test]
    fn words_are_quoted_as_a_shell_needs_them() {
        assert_eq!(quoted("--yes=x"), "--yes=x");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("echo 'a' > b"), r"'echo '\''a'\'' > b'");
    }
}
