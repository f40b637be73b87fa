//! [`Columns`]: which columns hold a moment.

use std::collections::{HashMap, HashSet};

use super::statement::Statement;

/// The types of the columns that the migrations have made so far.
#[derive(Default)]
pub(super) struct Columns {
    /// By table and column: whether it holds a date or a time.
    columns: HashMap<(String, String), bool>,
    /// Domains over dates and times.
    domains: HashSet<String>,
}

/// The first words of types of dates and times.
const TEMPORAL: &[&str] = &["date", "time", "timestamp", "timestamptz", "timetz"];

/// What begins a line of CREATE TABLE that is no column.
const NO_COLUMN: &[&str] = &[
    "check",
    "constraint",
    "exclude",
    "foreign",
    "like",
    "primary",
    "unique",
];

impl Columns {
    /// Whether the type at `place` is one of dates or times.
    pub(super) fn is_temporal(&self, statement: &Statement<'_>, place: usize) -> bool {
        let Some((name, behind)) = statement.text.last_part(place) else {
            return false;
        };
        let is_known = TEMPORAL.contains(&name.as_str()) || self.domains.contains(&name);
        is_known && !statement.text.is_symbol(behind, '[')
    }

    /// Whether the column holds a date or a time, if that is known. Without a table,
    /// all tables that have such a column have to agree.
    pub(super) fn holds_a_moment(&self, table: Option<&str>, column: &str) -> Option<bool> {
        if let Some(table) = table {
            let key = (table.to_owned(), column.to_owned());
            return self.columns.get(&key).copied();
        }
        let mut kinds = self.columns.iter().filter(|((_, name), _)| name == column);
        let (_, first) = kinds.next()?;
        kinds.all(|(_, kind)| kind == first).then_some(*first)
    }

    /// Learns from a statement.
    pub(super) fn read(&mut self, statement: &Statement<'_>) {
        if let Some(created) = statement.created() {
            match created.kind {
                "table" => self.read_table(statement, &created.name, created.behind),
                "domain" => {
                    let skip = usize::from(statement.text.is_word(created.behind, "as"));
                    if self.is_temporal(statement, created.behind + skip) {
                        self.domains.insert(created.name);
                    }
                }
                _ => {}
            }
        } else if let Some(altered) = statement.altered().filter(|it| it.kind == "table") {
            self.read_changes(statement, &altered.name);
        }
    }

    fn read_table(&mut self, statement: &Statement<'_>, table: &str, open: usize) {
        if !statement.text.is_symbol(open, '(') {
            return;
        }
        let depths = statement.depths();
        let end = statement.text.closing(open).unwrap_or(depths.len());
        for place in open..end {
            let is_comma = statement.text.is_symbol(place, ',');
            let begins = place == open || is_comma && depths.get(place) == depths.get(open + 1);
            if begins {
                self.read_column(statement, table, place + 1);
            }
        }
    }

    /// Columns that are added or get another type.
    fn read_changes(&mut self, statement: &Statement<'_>, table: &str) {
        let text = &statement.text;
        for place in 0..text.len() {
            if text.is_word(place, "add") {
                self.read_column(statement, table, after_column_word(statement, place));
            } else if text.is_word(place, "type")
                && let Some(column) = changed_column(statement, place)
            {
                let is_temporal = self.is_temporal(statement, place + 1);
                self.columns.insert((table.to_owned(), column), is_temporal);
            }
        }
    }

    /// The column whose name is at `place`.
    fn read_column(&mut self, statement: &Statement<'_>, table: &str, place: usize) {
        let word = statement.text.word(place);
        if word.is_some_and(|word| NO_COLUMN.contains(&word.as_str())) {
            return;
        }
        if let Some(name) = statement.text.name(place) {
            let is_temporal = self.is_temporal(statement, place + 1);
            self.columns.insert((table.to_owned(), name), is_temporal);
        }
    }
}

/// The place of the column's name behind ADD at `place`.
pub(super) fn after_column_word(statement: &Statement<'_>, place: usize) -> usize {
    let mut at = place + 1;
    for words in [&["column"][..], &["if", "not", "exists"]] {
        if statement.text.are_words(at, words) {
            at += words.len();
        }
    }
    at
}

/// The column that the nearest ALTER or ADD before `place` is about.
pub(super) fn changed_column(statement: &Statement<'_>, place: usize) -> Option<String> {
    let text = &statement.text;
    let is_action =
        |at: &usize| *at > 0 && (text.is_word(*at, "alter") || text.is_word(*at, "add"));
    let action = (0..place).rev().find(is_action)?;
    text.name(after_column_word(statement, action))
}
