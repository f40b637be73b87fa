//! `moment-constant`: `'now'`, `'today'` and the like in definitions.
//!
//! PostgreSQL reads them when the statement runs, and keeps the date that they stood for
//! on that day. Each tenant gets another one. In a string of ordinary text they are words
//! like others, so that the type decides.

use super::columns::{Columns, changed_column};
use super::statement::{Defined, Statement};
use crate::finding::Found;

/// The words, with what to write instead.
const MOMENTS: &[(&str, &str)] = &[
    ("now", "now()"),
    ("today", "CURRENT_DATE"),
    ("tomorrow", "CURRENT_DATE + 1"),
    ("yesterday", "CURRENT_DATE - 1"),
];

/// The kinds of definitions that keep what a constant stood for.
const KEPT: &[&str] = &[
    "table",
    "domain",
    "index",
    "materialized view",
    "policy",
    "rule",
    "statistics",
    "trigger",
    "view",
    "function",
];

pub(super) fn constants(statement: &Statement<'_>, columns: &Columns) -> Vec<Found> {
    let defined = statement.created().or_else(|| statement.altered());
    let Some(defined) = defined.filter(|it| KEPT.contains(&it.kind)) else {
        return Vec::new();
    };
    let reader = Reader {
        statement,
        columns,
        table: match defined.kind {
            "table" => Some(defined.name.clone()),
            "index" | "policy" | "trigger" => statement.on_table(),
            _ => None,
        },
        defined,
        depths: statement.depths(),
    };
    let places = 0..statement.text.len();
    places.filter_map(|place| reader.found(place)).collect()
}

struct Reader<'a> {
    statement: &'a Statement<'a>,
    columns: &'a Columns,
    defined: Defined,
    /// The table that it is about.
    table: Option<String>,
    depths: Vec<usize>,
}

impl Reader<'_> {
    fn found(&self, place: usize) -> Option<Found> {
        let value = self.statement.text.string(place)?;
        let word = value.split_whitespace().next()?.to_ascii_lowercase();
        // PostgreSQL reads `'now()'` like `'now'`.
        let word = word.strip_suffix("()").unwrap_or(&word);
        let (_, instead) = MOMENTS.iter().find(|(moment, _)| *moment == word)?;
        // A function's body in a string has other words in it.
        if value.split_whitespace().count() > 2 {
            return None;
        }
        let is_bound = self.is_bound(place);
        if !is_bound && !self.is_read_as_a_moment(place) {
            return None;
        }
        let message =
            format!("`'{value}'` becomes a constant when the migration runs, so tenants differ");
        let hint = match is_bound {
            true => "Write the date, and let the application create partitions for the current \
                 period."
                .to_owned(),
            false => format!("Write `{instead}`, which PostgreSQL evaluates each time."),
        };
        Some(Found::new(self.statement.offset(place), "moment-constant", message).hint(hint))
    }

    fn is_read_as_a_moment(&self, place: usize) -> bool {
        match self.cast(place) {
            Some(is_temporal) => is_temporal,
            None => self.is_default(place) || self.is_compared(place),
        }
    }

    /// Whether it is cast to a date or time; `None` where it is not cast at all.
    fn cast(&self, place: usize) -> Option<bool> {
        let text = &self.statement.text;
        if text.is_symbol(place + 1, ':') && text.is_symbol(place + 2, ':') {
            return Some(self.columns.is_temporal(self.statement, place + 3));
        }
        if text.is_word(place + 1, "as") && text.is_symbol_before(place, 1, '(') {
            return Some(self.columns.is_temporal(self.statement, place + 2));
        }
        let before = place.checked_sub(1)?;
        let is_typed = self.columns.is_temporal(self.statement, before)
            && !text.is_symbol_before(before, 1, '.');
        let has_zone = text.is_word(before, "zone") && text.is_word_before(before, 1, "time");
        (is_typed || has_zone).then_some(true)
    }

    fn is_default(&self, place: usize) -> bool {
        let text = &self.statement.text;
        let mut before = place;
        while text.is_symbol_before(before, 1, '(') {
            before -= 1;
        }
        if !text.is_word_before(before, 1, "default") {
            return false;
        }
        if self.defined.kind == "domain" {
            return self.columns.is_temporal(self.statement, self.base_type());
        }
        let column = self.column_at(place);
        column.is_some_and(|column| self.holds_a_moment(&column) == Some(true))
    }

    /// Where the type is that a domain stands on.
    fn base_type(&self) -> usize {
        let skip = usize::from(self.statement.text.is_word(self.defined.behind, "as"));
        self.defined.behind + skip
    }

    /// The column whose definition the token is in.
    fn column_at(&self, place: usize) -> Option<String> {
        if self.statement.text.is_word(0, "alter") {
            return changed_column(self.statement, place);
        }
        let is_start = |at: &usize| {
            let text = &self.statement.text;
            let is_comma = text.is_symbol(*at, ',') && self.depths.get(*at) == Some(&1);
            is_comma || text.is_symbol(*at, '(') && self.depths.get(*at) == Some(&0)
        };
        let start = (0..place).rev().find(is_start)?;
        self.statement.text.name(start + 1)
    }

    fn holds_a_moment(&self, column: &str) -> Option<bool> {
        if self.defined.kind == "domain" && column == "value" {
            return Some(self.columns.is_temporal(self.statement, self.base_type()));
        }
        self.columns.holds_a_moment(self.table.as_deref(), column)
    }

    /// Whether it is compared with a date or time. What stands in an order with a word
    /// like these is one, whatever is known of it.
    fn is_compared(&self, place: usize) -> bool {
        let text = &self.statement.text;
        let is_operator = |at: usize| {
            ['<', '>', '=', '!']
                .iter()
                .any(|it| text.is_symbol(at, *it))
        };
        let mut before = place;
        while before > 0 && is_operator(before - 1) {
            before -= 1;
        }
        let mut behind = place + 1;
        while is_operator(behind) {
            behind += 1;
        }
        let (operator, other) = if before < place {
            (before..place, before.checked_sub(1))
        } else if behind > place + 1 {
            (place + 1..behind, self.last_name(behind))
        } else {
            return self.is_between(place);
        };
        let symbols = operator
            .filter_map(|at| text.get(at))
            .map(|token| token.text);
        let symbols = symbols.collect::<String>();
        let Some(name) = other.and_then(|other| text.name(other)) else {
            return false;
        };
        let is_order = ["<", ">", "<=", ">="].contains(&symbols.as_str());
        self.holds_a_moment(&name).unwrap_or(is_order)
    }

    /// The last part of the name that begins there.
    fn last_name(&self, place: usize) -> Option<usize> {
        let (_, behind) = self.statement.text.last_part(place)?;
        behind.checked_sub(1)
    }

    fn is_between(&self, place: usize) -> bool {
        let text = &self.statement.text;
        let column = if text.is_word_before(place, 1, "between") {
            place.checked_sub(2)
        } else if text.is_word_before(place, 1, "and") && text.is_word_before(place, 3, "between") {
            place.checked_sub(4)
        } else {
            None
        };
        let name = column.and_then(|column| text.name(column));
        name.is_some_and(|name| self.holds_a_moment(&name).unwrap_or(true))
    }

    /// Whether it is a bound of a partition: `FROM ('today') TO ('tomorrow')`.
    fn is_bound(&self, place: usize) -> bool {
        let text = &self.statement.text;
        let is_partition = (0..place).any(|at| text.are_words(at, &["for", "values", "from"]));
        let open = (0..place).rev().find(|at| text.is_symbol(*at, '('));
        let is_behind = |open: usize, word| text.is_word_before(open, 1, word);
        self.defined.kind == "table"
            && is_partition
            && open.is_some_and(|open| is_behind(open, "from") || is_behind(open, "to"))
    }
}
