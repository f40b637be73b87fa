//! [`Gathering`]: the answers of many tenants put together as they come.

use std::borrow::Cow;

use crate::csv::{Formulas, Value, line};
use crate::data::{Arrival, Field, Refusal, Values};
use crate::pages::answer;

/// How far it is.
#[derive(Debug)]
pub(super) struct Gathering {
    pub(super) of: usize,
    pub(super) done: usize,
    pub(super) failed: usize,
    pub(super) rows: usize,
    limit: usize,
    /// How many tenants had more rows than are shown.
    pub(super) cut: usize,
    /// The names of the columns of each table: tenants can differ.
    tables: Vec<Vec<String>>,
}

/// What one tenant added.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) tenant: String,
    /// The table that its rows are of, counted from 0.
    pub(super) table: usize,
    /// Whether that table is new.
    pub(super) is_new: bool,
    pub(super) fields: Vec<Field>,
    pub(super) rows: Vec<Values>,
    pub(super) failure: Option<Refusal>,
}

impl Gathering {
    pub(super) fn new(of: usize, limit: usize) -> Self {
        Self {
            of,
            done: 0,
            failed: 0,
            rows: 0,
            limit,
            cut: 0,
            tables: Vec::new(),
        }
    }

    /// Whether there are as many rows as may be.
    pub(super) fn is_full(&self) -> bool {
        self.rows >= self.limit
    }

    /// Adds what a tenant answered.
    pub(super) fn take(&mut self, arrival: Arrival) -> Part {
        self.done += 1;
        let mut part = Part {
            tenant: arrival.tenant,
            table: 0,
            is_new: false,
            fields: Vec::new(),
            rows: Vec::new(),
            failure: None,
        };
        match arrival.outcome {
            Err(refusal) => {
                self.failed += 1;
                part.failure = Some(refusal);
            }
            Ok(mut answer) => {
                let room = self.limit.saturating_sub(self.rows);
                let is_cut = answer.is_cut || answer.rows.len() > room;
                answer.rows.truncate(room);
                self.cut += usize::from(is_cut);
                self.rows += answer.rows.len();
                (part.table, part.is_new) = self.table(&answer.fields);
                (part.fields, part.rows) = (answer.fields, answer.rows);
            }
        }
        part
    }

    /// The table that has these columns, and whether it is new.
    fn table(&mut self, fields: &[Field]) -> (usize, bool) {
        let names = fields.iter().map(|field| field.name.clone());
        let names = names.collect::<Vec<_>>();
        if let Some(at) = self.tables.iter().position(|table| *table == names) {
            return (at, false);
        }
        self.tables.push(names);
        (self.tables.len() - 1, true)
    }
}

/// All of it as a file: the tenant, the columns of all tenants, and the error of each failed
/// tenant, so that a missing tenant is not taken for an empty one.
pub(super) fn csv(parts: &[Part], formulas: Formulas) -> String {
    let mut columns = Vec::new();
    for part in parts {
        for name in numbered(&part.fields) {
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
    }
    let names = columns.iter().map(|(name, _)| Value::text(name));
    let first = std::iter::once(Value::text("tenant"));
    let names = first.chain(names).chain([Value::text("error")]);
    let mut text = line(names, formulas);
    for part in parts {
        for values in lines(&columns, part) {
            text.push_str(&line(values.iter().map(Column::value), formulas));
        }
    }
    text
}

/// The columns' names; of two with the same name, the second is another one.
fn numbered(fields: &[Field]) -> Vec<(String, usize)> {
    let mut names: Vec<(String, usize)> = Vec::new();
    for field in fields {
        let before = names.iter().filter(|(name, _)| *name == field.name).count();
        names.push((field.name.clone(), before));
    }
    names
}

/// One value of a line, with what its column has.
struct Column<'a> {
    text: Option<Cow<'a, str>>,
    is_number: bool,
}

impl<'a> Column<'a> {
    fn text(text: &'a str) -> Self {
        let text = Some(Cow::Borrowed(text));
        let is_number = false;
        Self { text, is_number }
    }

    const NONE: Self = Self {
        text: None,
        is_number: false,
    };

    fn value(&self) -> Value<'_> {
        Value::new(self.text.as_deref(), self.is_number)
    }
}

/// The lines of a tenant: its error, or its rows.
fn lines<'a>(columns: &[(String, usize)], part: &'a Part) -> Vec<Vec<Column<'a>>> {
    let mut lines = Vec::new();
    if let Some(failure) = &part.failure {
        let nothing = columns.iter().map(|_| Column::NONE);
        let first = std::iter::once(Column::text(&part.tenant));
        let error = [Column::text(&failure.message)];
        lines.push(first.chain(nothing).chain(error).collect());
    }
    let own = numbered(&part.fields);
    let places = columns
        .iter()
        .map(|column| own.iter().position(|name| name == column));
    let places = places.collect::<Vec<_>>();
    for row in &part.rows {
        let value = |at: &Option<usize>| {
            let found = at.and_then(|at| Some((part.fields.get(at)?, row.get(at)?.as_ref()?)));
            found.map_or(Column::NONE, |(field, value)| Column {
                text: Some(Cow::Owned(answer::in_file(value))),
                is_number: field.is_number(),
            })
        };
        let first = std::iter::once(Column::text(&part.tenant));
        let values = first.chain(places.iter().map(value)).chain([Column::NONE]);
        lines.push(values.collect());
    }
    lines
}
