//! [`Message`]: the one layout of everything that a command says beside its result.
//!
//! ```text
//! error: what failed: why
//!   --> file:line:column
//!    |  the statement
//!   a row for each tenant
//! note: a fact
//! hint: What to do next.
//!       the command that does it
//! ```
//!
//! The words are those of the error or of the command. This decides only where they stand, so
//! that a reader and a `grep` find the same thing at the same place in every command.

use std::fmt;

use console::{Style, StyledObject};
use tenant_settings::Mistake;

use crate::output::{shown, shown_lines};

/// How far a command stands to the right of its hint.
const INDENT: &str = "      ";

/// Something that a command says beside its result.
#[derive(Debug, Clone)]
pub struct Message {
    level: Level,
    text: String,
    place: Option<Place>,
    excerpt: Option<String>,
    rows: Vec<String>,
    notes: Vec<String>,
    hints: Vec<Hint>,
    others: Vec<Self>,
}

/// The label of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Note,
}

/// Where a message is shown.
#[derive(Debug, Clone, Copy)]
enum On {
    Stdout,
    Stderr,
}

/// A place in a file. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as the reader can open it.
    pub file: String,
    /// The line.
    pub line: Option<usize>,
    /// The column.
    pub column: Option<usize>,
}

/// What to do next: a sentence, and what to run, if anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// A full sentence, with a capital and a full stop.
    pub sentence: String,
    /// A command or statements, each on its own line as it can be pasted.
    pub run: Vec<String>,
}

impl Message {
    /// What failed, then why behind a colon: one line, lower case, no full stop, no advice.
    #[must_use]
    pub fn error(text: impl Into<String>) -> Self {
        Self::new(Level::Error, text)
    }

    /// What is done, and worth a look.
    #[must_use]
    pub fn warning(text: impl Into<String>) -> Self {
        Self::new(Level::Warning, text)
    }

    /// A fact.
    #[must_use]
    pub fn note(text: impl Into<String>) -> Self {
        Self::new(Level::Note, text)
    }

    fn new(level: Level, text: impl Into<String>) -> Self {
        Self {
            level,
            text: text.into(),
            place: None,
            excerpt: None,
            rows: Vec::new(),
            notes: Vec::new(),
            hints: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn at(self, place: impl Into<Option<Place>>) -> Self {
        Self {
            place: place.into(),
            ..self
        }
    }

    /// What stands at that place.
    #[must_use]
    pub fn excerpt(self, excerpt: impl Into<Option<String>>) -> Self {
        Self {
            excerpt: excerpt.into(),
            ..self
        }
    }

    /// Lines about single tenants, below the place.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = String>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Facts about it, such as what was rolled back.
    #[must_use]
    pub fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// What to do next. Of several hints the reader chooses one.
    #[must_use]
    pub fn hints(mut self, hints: impl IntoIterator<Item = Hint>) -> Self {
        self.hints.extend(hints);
        self
    }

    /// Further messages, which are shown behind this one.
    #[must_use]
    pub fn followed_by(mut self, others: impl IntoIterator<Item = Self>) -> Self {
        self.others.extend(others);
        self
    }

    /// Whether it is a fact, and neither an error nor a warning.
    #[must_use]
    pub fn is_note(&self) -> bool {
        self.level == Level::Note
    }

    /// The text without its label, for a document.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The lines as they are shown on standard error. What came from a database cannot steer a
    /// terminal.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines_on(On::Stderr)
    }

    /// The same for standard output, where it is part of a result.
    #[must_use]
    pub fn in_result(&self) -> String {
        self.lines_on(On::Stdout).join("\n")
    }

    fn lines_on(&self, on: On) -> Vec<String> {
        let mut lines = vec![labeled(self.level.label(on), &self.text)];
        lines.extend(self.place.iter().map(|place| format!("  --> {place}")));
        if let Some(excerpt) = &self.excerpt {
            let excerpt = excerpt.lines().filter(|line| !line.trim().is_empty());
            lines.extend(excerpt.map(|line| format!("   |  {}", shown(line))));
        }
        lines.extend(self.rows.iter().map(|row| format!("  {}", shown(row))));
        let notes = self.notes.iter();
        lines.extend(notes.map(|note| labeled(Level::Note.label(on), note)));
        lines.extend(self.hints.iter().flat_map(|hint| hint.lines(on)));
        lines.extend(self.others.iter().flat_map(|other| other.lines_on(on)));
        lines
    }
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.lines().join("\n"))
    }
}

impl Level {
    fn label(self, on: On) -> StyledObject<&'static str> {
        let (label, color) = match self {
            Self::Error => ("error:", Style::new().red()),
            Self::Warning => ("warning:", Style::new().yellow()),
            Self::Note => ("note:", Style::new()),
        };
        on.style(color).apply_to(label)
    }
}

impl On {
    /// Whether there are colors is for that stream to say.
    fn style(self, style: Style) -> Style {
        match self {
            Self::Stdout => style.bold(),
            Self::Stderr => style.bold().for_stderr(),
        }
    }
}

fn labeled(label: StyledObject<&str>, text: &str) -> String {
    format!("{label} {}", shown_lines(text))
}

impl Hint {
    /// A sentence alone.
    #[must_use]
    pub fn new(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            run: Vec::new(),
        }
    }

    /// A sentence, and lines to run below it.
    #[must_use]
    pub fn to_run(sentence: impl Into<String>, run: Vec<String>) -> Self {
        Self {
            sentence: sentence.into(),
            run,
        }
    }

    /// One more line to run.
    #[must_use]
    pub fn run(mut self, line: impl Into<String>) -> Self {
        self.run.push(line.into());
        self
    }

    fn lines(&self, on: On) -> Vec<String> {
        let label = on.style(Style::new().cyan()).apply_to("hint:");
        let mut lines = vec![labeled(label, &self.sentence)];
        let run = self.run.iter().flat_map(|run| run.lines());
        lines.extend(run.map(|line| format!("{INDENT}{}", shown(line))));
        lines
    }
}

impl Place {
    /// The place of a mistake.
    pub(crate) fn of(mistake: &Mistake) -> Self {
        Self {
            file: mistake.file.clone(),
            line: mistake.line,
            column: mistake.column,
        }
    }
}

/// As in a document: the sentence, then each line to run below it.
impl fmt::Display for Hint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)?;
        self.run
            .iter()
            .try_for_each(|line| write!(formatter, "\n{line}"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&shown(&self.file))?;
        let numbers = [self.line, self.column];
        let known = numbers.iter().map_while(|number| *number);
        known
            .into_iter()
            .try_for_each(|number| write!(formatter, ":{number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_its_place() {
        let message = Message::error("migration `add_title` failed for 2 of 36 tenants")
            .at(Place {
                file: "migrations/tenant/add_title/up.sql".to_owned(),
                line: Some(3),
                column: None,
            })
            .excerpt("ALTER TABLE tasks\n  ADD CONSTRAINT one_title UNIQUE (title);\n".to_owned())
            .rows(["globex: not unique".to_owned()])
            .notes(["34 tenants were migrated".to_owned()])
            .hints([Hint::new("Remove the duplicates.").run("tenants migrate")]);
        let lines = [
            "error: migration `add_title` failed for 2 of 36 tenants",
            "  --> migrations/tenant/add_title/up.sql:3",
            "   |  ALTER TABLE tasks",
            "   |    ADD CONSTRAINT one_title UNIQUE (title);",
            "  globex: not unique",
            "note: 34 tenants were migrated",
            "hint: Remove the duplicates.",
            "      tenants migrate",
        ];
        assert_eq!(
            console::strip_ansi_codes(&message.to_string()),
            lines.join("\n")
        );
    }

    #[test]
    fn a_name_from_a_database_cannot_steer_the_terminal() {
        let message = Message::note("tenant `a\u{1b}[2J` is behind");
        let plain = console::strip_ansi_codes(&message.to_string()).into_owned();
        assert_eq!(plain, "note: tenant `a\\u{1b}[2J` is behind");
    }
}
