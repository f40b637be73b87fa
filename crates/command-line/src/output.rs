//! The one place that writes to standard output and standard error.

use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal, Stdout, Write, stderr, stdout};

use schemars::JsonSchema;
use serde::Serialize;

use crate::json::Versioned;
use crate::{Common, Message, harmless};

/// Where a command's words go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
    quiet: bool,
    verbose: bool,
}

impl Output {
    /// As the common options say.
    #[must_use]
    pub fn new(common: &Common) -> Self {
        Self {
            json: common.json,
            quiet: common.quiet,
            verbose: common.verbose,
        }
    }

    /// Whether the result is wanted as JSON.
    #[must_use]
    pub fn is_json(self) -> bool {
        self.json
    }

    /// Whether each step is wanted.
    #[must_use]
    pub fn is_verbose(self) -> bool {
        self.verbose
    }

    /// Whether a progress bar would be seen and is wanted.
    #[must_use]
    pub fn shows_progress(self) -> bool {
        !self.json && !self.quiet && console::user_attended_stderr()
    }

    /// Prints what was asked for: `document` with `--json`, else `text`.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written to.
    pub fn answer(
        self,
        document: &(impl Serialize + JsonSchema),
        text: &str,
    ) -> anyhow::Result<()> {
        if self.json {
            return self.document(document);
        }
        to_stdout(&harmless::text(text, console::colors_enabled()))
    }

    /// Prints what was done: as [`Output::answer`], and nothing with `--quiet`.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written to.
    pub fn done(self, document: &(impl Serialize + JsonSchema), text: &str) -> anyhow::Result<()> {
        if self.quiet && !self.json {
            return Ok(());
        }
        self.answer(document, text)
    }

    /// Prints a JSON document, which begins with its version.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written to.
    pub fn document(self, document: &(impl Serialize + JsonSchema)) -> anyhow::Result<()> {
        let document = serde_json::to_string_pretty(&Versioned::new(document))?;
        to_stdout(&harmless::json(&document))
    }

    /// Prints a text that is the same in every form, such as a document that others have
    /// specified.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written to.
    pub fn text(self, text: &str) -> anyhow::Result<()> {
        to_stdout(text)
    }

    /// Says a message on standard error. `--quiet` silences notes; `--json` does too, because
    /// the document has them.
    pub fn say(self, message: &Message) {
        if message.is_note() {
            self.note(&message.to_string());
        } else {
            self.problem(&message.to_string());
        }
    }

    /// Says on standard error what goes on.
    pub fn note(self, text: &str) {
        if !self.quiet && !self.json {
            to_stderr(text);
        }
    }

    /// Says on standard error what only `--verbose` wants to know.
    pub fn detail(self, text: &str) {
        if self.verbose {
            to_stderr(text);
        }
    }

    /// Says on standard error what is wrong. Not silenced by `--quiet`.
    pub fn problem(self, text: &str) {
        to_stderr(text);
    }
}

/// Standard output as a file, for a command whose result is one.
#[must_use]
pub fn bytes() -> Stdout {
    stdout()
}

/// Whether a person would see what is printed.
#[must_use]
pub fn is_terminal() -> bool {
    stdout().is_terminal()
}

/// Prints bytes as they are: what a shell reads.
pub(crate) fn raw(bytes: &[u8]) -> std::io::Result<()> {
    let mut stdout = stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

fn to_stdout(text: &str) -> anyhow::Result<()> {
    let text = text.trim_end();
    if text.is_empty() {
        return Ok(());
    }
    match writeln!(stdout().lock(), "{text}") {
        // Whoever read it has seen enough, for example `head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn to_stderr(text: &str) {
    // There is nobody left to tell when this fails.
    let text = harmless::text(text, console::colors_enabled_stderr());
    let _ = writeln!(stderr().lock(), "{text}");
}

/// A text from the database as it can be shown: a row of the registry that was written
/// by hand may hold what a terminal would obey. Quotes stay as they are: the text can be
/// a statement.
#[must_use]
pub fn shown(name: &str) -> Cow<'_, str> {
    if name.chars().any(char::is_control) {
        Cow::Owned(without_controls(name))
    } else {
        Cow::Borrowed(name)
    }
}

/// The same of a text of several lines, which stay lines.
#[must_use]
pub fn shown_lines(text: &str) -> String {
    text.split('\n').map(shown).collect::<Vec<_>>().join("\n")
}

fn without_controls(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    shown
}
