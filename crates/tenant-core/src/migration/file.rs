//! The SQL of one file of a migration, in statements.

use std::fmt;
use std::ops::Range;

use sql_text::{line_at, unix_lines, words};

use super::plain::is_plain;
use super::refusal::{self, Reason, Refusal};
use super::signs::Signs;

/// The byte order mark that some editors put at the start of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A file of a migration. `Display` is its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationFile {
    /// `up.sql`, which applies the migration.
    Up,
    /// `down.sql`, which rolls the migration back.
    Down,
}

impl fmt::Display for MigrationFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Up => "up.sql",
            Self::Down => "down.sql",
        })
    }
}

/// The text of a file, and what is known of it before it runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sql {
    text: String,
    statements: Vec<Range<usize>>,
    refusal: Option<Refusal>,
    prepares: bool,
    leaves_nothing: bool,
    has_savepoints: bool,
    signs: Signs,
}

impl Sql {
    /// Splits `text` into statements, and looks for what cannot go well.
    ///
    /// Lines end in `\n` from here on, however the file was checked out: PostgreSQL
    /// keeps the bodies of functions as they are sent.
    pub(super) fn new(text: &str, in_transaction: bool) -> Self {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let text = unix_lines(text).into_owned();
        let (statements, refusal) = match refusal::split(&text) {
            Ok(statements) => {
                let refusal = refusal::find(&text, &statements, in_transaction);
                (statements, refusal)
            }
            Err(refusal) => (Vec::new(), Some(refusal)),
        };
        // Looked for once: each tenant's message asks for it.
        let lower = text.to_ascii_lowercase();
        let mut each = statements
            .iter()
            .map(|range| text.get(range.clone()).unwrap_or_default());
        Self {
            prepares: lower.contains("prepare"),
            has_savepoints: each.clone().any(sets_savepoint),
            leaves_nothing: each.all(is_plain),
            signs: Signs::of(&text, &lower, &statements),
            text,
            statements,
            refusal,
        }
    }

    /// The text of something else than a migration that runs in a transaction.
    pub(crate) fn of_transaction(text: &str) -> Self {
        Self::new(text, true)
    }

    /// Refuses what would make something outside a tenant's schema.
    pub(super) fn confine(&mut self) {
        if self.refusal.is_none() {
            self.refusal = refusal::find_abroad(&self.text, &self.statements);
        }
    }

    /// Leaves out the statements that are `left`.
    pub(super) fn leave_out(&mut self, left: impl Fn(&str) -> bool) {
        let text = &self.text;
        self.statements
            .retain(|range| !left(text.get(range.clone()).unwrap_or_default()));
    }

    /// The text, as the file has it, with lines that end in `\n`.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Why it is not run at all, if it is not.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Whether there is nothing in it to run.
    pub(super) fn is_empty(&self) -> bool {
        let refusal = self.refusal.as_ref();
        refusal.is_some_and(|refusal| refusal.reason == Reason::Empty)
    }

    /// Whether it makes prepared statements, which outlive its transaction.
    pub(crate) fn prepares(&self) -> bool {
        self.prepares
    }

    /// Whether it leaves the session as it was, and no check of rows pending. False in
    /// doubt: a function can do anything.
    pub(crate) fn leaves_nothing(&self) -> bool {
        self.leaves_nothing
    }

    /// Whether it sets savepoints, which stay until the transaction ends.
    pub(crate) fn has_savepoints(&self) -> bool {
        self.has_savepoints
    }

    /// What it can do, as far as its words tell.
    pub(crate) fn signs(&self) -> Signs {
        self.signs
    }

    /// The line, from 1, of the first statement that speaks of the search path.
    pub(crate) fn line_about_path(&self) -> Option<usize> {
        let about = |statement: &str| statement.to_ascii_lowercase().contains("search_path");
        let statement = self.statements().position(about)?;
        Some(self.line(statement, 0))
    }

    /// The statements, without the semicolons between them.
    pub(crate) fn statements(&self) -> impl ExactSizeIterator<Item = &str> {
        self.statements
            .iter()
            .map(|range| self.text.get(range.clone()).unwrap_or_default())
    }

    /// The line, from 1, of the byte `offset` in the statement number `statement`.
    pub(crate) fn line(&self, statement: usize, offset: usize) -> usize {
        let start = self
            .statements
            .get(statement)
            .map_or(0, |range| range.start);
        line_at(&self.text, start + offset)
    }
}

fn sets_savepoint(statement: &str) -> bool {
    words(statement)
        .next()
        .is_some_and(|(word, _)| word == "savepoint")
}
