//! `moment-in-definition` and `name-in-definition`: what a `DO` block computes and
//! writes into a definition as text.
//!
//! The block is cut where its statements end. A variable carries what was assigned to
//! it. Only what `EXECUTE` runs counts, and only where the text that it runs creates or
//! changes something: rows may well hold a name or a date.

use std::collections::HashSet;

use sql_text::Telling;

use super::columns::Columns;
use super::moment;
use super::statement::Statement;
use crate::finding::Found;

/// What gives the moment, as words; those that are followed by a parenthesis too.
const MOMENTS: &[&str] = &[
    "clock_timestamp",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "now",
    "statement_timestamp",
    "timeofday",
    "transaction_timestamp",
];

/// What gives a name that the next schema, or the next role, does not have.
const NAMES: &[&str] = &[
    "current_catalog",
    "current_database",
    "current_role",
    "current_schema",
    "current_schemas",
    "current_user",
    "session_user",
];

/// What begins a text that defines something.
const DEFINING: &[&str] = &["alter", "comment", "create"];

/// Words behind which another statement begins.
const BORDERS: &[&str] = &["begin", "declare", "else", "loop", "then"];

pub(super) fn computed(statement: &Statement<'_>, columns: &mut Columns) -> Vec<Found> {
    if !statement.text.is_word(0, "do") {
        return Vec::new();
    }
    let mut bodies = (1..statement.text.len()).filter_map(|place| {
        let token = statement.text.get(place)?;
        let body = statement.text.string(place)?;
        // Quotes in quotes are doubled, and places in it are not those of the file.
        let before = token.text.find(&body);
        let base = before.map(|before| statement.offset(place) + before);
        Some((body, base, statement.offset(place)))
    });
    let Some((body, base, start)) = bodies.next() else {
        return Vec::new();
    };
    let mut found = in_body(&body, columns);
    for one in &mut found {
        one.offset = base.map_or(start, |base| base + one.offset);
    }
    found
}

fn in_body(body: &str, columns: &mut Columns) -> Vec<Found> {
    let mut block = Block::default();
    let mut found = Vec::new();
    for range in pieces(body) {
        let text = body.get(range.clone()).unwrap_or_default();
        let piece = Statement::new(text, range.start);
        columns.read(&piece);
        found.extend(moment::constants(&piece, columns));
        found.extend(executed(&piece, columns));
        found.extend(block.run(&piece));
        block.assign(&piece.text);
    }
    found
}

/// What is found in a constant that the piece executes.
fn executed(piece: &Statement<'_>, columns: &mut Columns) -> Vec<Found> {
    let text = &piece.text;
    let is_alone = text.len() == 2 || text.is_symbol(2, ';');
    let sql = text
        .string(1)
        .filter(|_| text.is_word(0, "execute") && is_alone);
    let (Some(sql), Some(token)) = (sql, text.get(1)) else {
        return Vec::new();
    };
    let statement = Statement::new(&sql, 0);
    columns.read(&statement);
    let mut found = moment::constants(&statement, columns);
    for one in &mut found {
        let inside = token
            .text
            .find(&sql)
            .map_or(0, |before| before + one.offset);
        one.offset = piece.offset(1) + inside;
    }
    found
}

/// The statements of a block, roughly.
fn pieces(body: &str) -> Vec<std::ops::Range<usize>> {
    let text = Telling::of(body);
    let mut pieces = Vec::new();
    let mut start = 0;
    for place in 0..text.len() {
        let word = text.word(place);
        let is_border = word.is_some_and(|word| BORDERS.contains(&word.as_str()));
        let end = text
            .get(place)
            .map_or(body.len(), |token| token.range().end);
        if text.is_symbol(place, ';') || is_border {
            pieces.push(start..end);
            start = end;
        }
    }
    pieces.push(start..body.len());
    pieces
}

/// The variables of a block, by what was assigned to them.
#[derive(Default)]
struct Block {
    moments: HashSet<String>,
    names: HashSet<String>,
}

impl Block {
    /// What is found in the text that the piece executes.
    fn run(&self, piece: &Statement<'_>) -> Vec<Found> {
        let text = &piece.text;
        let Some(execute) = (0..text.len()).find(|place| text.is_word(*place, "execute")) else {
            return Vec::new();
        };
        if !(execute..text.len()).any(|place| defines(text, place)) {
            return Vec::new();
        }
        let places = execute + 1..text.len();
        let moment = places.clone().find(|place| self.is_moment(text, *place));
        let name = places.clone().find(|place| {
            self.is_name(text, *place) && is_written_as_text(text, execute + 1, *place)
        });
        let moment = moment.map(|place| computed_moment(piece.offset(place)));
        let name = name.map(|place| computed_name(piece.offset(place)));
        moment.into_iter().chain(name).collect()
    }

    /// Learns what a variable holds.
    fn assign(&mut self, text: &Telling<'_>) {
        let places = 0..text.len();
        let has_moment = places.clone().any(|place| self.is_moment(text, place));
        let has_name = places.clone().any(|place| self.is_name(text, place));
        if !has_moment && !has_name {
            return;
        }
        for variable in assigned(text) {
            if has_moment {
                self.moments.insert(variable.clone());
            }
            if has_name {
                self.names.insert(variable);
            }
        }
    }

    fn is_moment(&self, text: &Telling<'_>, place: usize) -> bool {
        is_source(text, place, MOMENTS) || is_one_of(text, place, &self.moments)
    }

    fn is_name(&self, text: &Telling<'_>, place: usize) -> bool {
        is_source(text, place, NAMES) || is_one_of(text, place, &self.names)
    }
}

/// Whether a text that defines something begins in that string.
fn defines(text: &Telling<'_>, place: usize) -> bool {
    let string = text.string(place);
    let string = string.as_deref().map(Telling::of);
    string.is_some_and(|string| {
        let first = string.word(0);
        first.is_some_and(|word| DEFINING.contains(&word.as_str()))
    })
}

/// Whether one of these is called there. `now` alone is a name like others.
fn is_source(text: &Telling<'_>, place: usize, sources: &[&str]) -> bool {
    let word = text.word(place);
    let is_source = word.as_deref().is_some_and(|word| sources.contains(&word));
    let needs_call = |word: &str| !word.starts_with("current_") && !word.starts_with("local");
    let is_called = text.is_symbol(place + 1, '(');
    is_source
        && (is_called
            || !word.as_deref().is_some_and(needs_call)
            || text.is_word(place, "session_user"))
}

fn is_one_of(text: &Telling<'_>, place: usize, variables: &HashSet<String>) -> bool {
    let name = text.name(place);
    name.is_some_and(|name| variables.contains(&name)) && !text.is_symbol_before(place, 1, '.')
}

/// The variables that a statement sets: `a := ...`, `a date := ...`, `FOR a IN ...`,
/// `SELECT ... INTO a`.
fn assigned(text: &Telling<'_>) -> Vec<String> {
    let mut variables = Vec::new();
    for place in 0..text.len() {
        let is_set = text.is_symbol(place, ':') && text.is_symbol(place + 1, '=')
            || text.is_word(place, "default");
        let at = if is_set {
            Some(0)
        } else if text.is_word(place, "for") || text.is_word(place, "into") {
            Some(place + 1 + usize::from(text.is_word(place + 1, "strict")))
        } else {
            None
        };
        variables.extend(at.and_then(|at| text.name(at)));
    }
    variables
}

/// Whether what stands at `place` becomes a string in what is executed, and not an
/// identifier: by `%L`, by `quote_literal`, or between quotes.
fn is_written_as_text(text: &Telling<'_>, from: usize, place: usize) -> bool {
    let calls = (from..place)
        .filter(|at| text.is_symbol(*at, '(') && text.closing(*at).is_some_and(|end| end > place));
    for open in calls.collect::<Vec<_>>().into_iter().rev() {
        let called = open.checked_sub(1).and_then(|at| text.word(at));
        match called.as_deref() {
            Some("quote_literal" | "quote_nullable") => return true,
            Some("quote_ident") => return false,
            Some("format") => return placeholder(text, open, place) == Some('L'),
            _ => {}
        }
    }
    let mut strings = (from..place).rev().filter_map(|at| text.string(at));
    strings.next().is_some_and(|before| before.ends_with('\''))
}

/// How `format` writes the argument that `place` is in.
fn placeholder(text: &Telling<'_>, open: usize, place: usize) -> Option<char> {
    let mut depth = 0_usize;
    let mut number = 0_usize;
    for at in open + 1..place {
        if text.is_symbol(at, '(') {
            depth += 1;
        } else if text.is_symbol(at, ')') {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && text.is_symbol(at, ',') {
            number += 1;
        }
    }
    let pattern = text.string(open + 1)?;
    let number = number.checked_sub(1)?;
    placeholders(&pattern).nth(number)
}

/// The letters of the placeholders, in order: `%I`, `%1$L`, `%-10s`.
fn placeholders(pattern: &str) -> impl Iterator<Item = char> + '_ {
    let mut rest = pattern.chars();
    std::iter::from_fn(move || {
        loop {
            rest.by_ref().find(|character| *character == '%')?;
            let letter = rest
                .by_ref()
                .find(|character| !"0123456789$-*".contains(*character))?;
            if letter != '%' {
                return Some(letter);
            }
        }
    })
}

fn computed_moment(offset: usize) -> Found {
    let message = "a `DO` block writes the time of the run into a definition, so tenants differ";
    Found::new(offset, "moment-in-definition", message).hint(
        "Write fixed values, and let the application create partitions for the current \
         period.",
    )
}

fn computed_name(offset: usize) -> Found {
    let message = "a `DO` block writes a name into a definition as text; it is wrong after the \
                   tenant is renamed, cloned, or created from a spare";
    Found::new(offset, "name-in-definition", message).hint(
        "Read the name at run time: use `TG_TABLE_SCHEMA` in a trigger function, `DEFAULT \
         current_schema()` for a column.",
    )
}
