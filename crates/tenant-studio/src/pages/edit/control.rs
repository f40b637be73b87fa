//! The field of one column, as its type would have it.

use maud::{Markup, html};

use super::changes::has_default;
use crate::cell;
use crate::data::{Cell, Choice, Column};

/// How many letters of another user's value are shown beside the edited value.
const LETTERS: usize = 200;

/// A column in the form of a row.
#[derive(Debug, Default)]
pub(super) struct Field {
    /// The value that the row had when the form was opened.
    pub(super) original: Option<String>,
    /// What stands in the field.
    pub(super) value: String,
    pub(super) is_null: bool,
    pub(super) is_default: bool,
    /// Why it cannot be edited, if it cannot; and what there is.
    pub(super) unfit: Option<(&'static str, Cell)>,
    /// The value that another user has saved in the meantime.
    pub(super) now: Option<Option<Cell>>,
}

/// What a column's field needs besides the value.
pub(super) struct Surroundings<'a> {
    pub(super) is_new: bool,
    /// The values of a foreign key, and where all are.
    pub(super) choices: Option<(&'a [Choice], String)>,
    /// What PostgreSQL has refused.
    pub(super) is_refused: bool,
}

impl Field {
    pub(super) fn of(value: Option<Cell>) -> Self {
        let unfit = super::answer::unfit(value.as_ref());
        let text = value.as_ref().and_then(Cell::exact).map(str::to_owned);
        Self {
            is_null: value.is_none(),
            unfit: unfit.zip(value),
            value: text.clone().unwrap_or_default(),
            original: text,
            ..Self::default()
        }
    }

    /// That of a new row.
    pub(super) fn fresh(column: &Column) -> Self {
        Self {
            is_default: has_default(column),
            is_null: !has_default(column) && !column.not_null,
            ..Self::default()
        }
    }

    pub(super) fn show(&self, column: &Column, around: &Surroundings<'_>) -> Markup {
        let is_fixed = !column.is_writable() || self.unfit.is_some();
        html! {
            div.field.refused[around.is_refused] {
                label for=(id(column)) { (column.name) }
                span.type { (column.type_name) @if !column.not_null { "?" } }
                div.control {
                    @if is_fixed { (self.fixed(column)) } @else {
                        (self.control(column, around))
                        (self.ticks(column, around.is_new))
                        @if let Some(original) = &self.original {
                            input type="hidden" name=(format!("o.{}", column.name)) value=(original);
                        }
                    }
                    @if let Some(now) = &self.now {
                        p.note { "Now: " (cell::of(now.as_ref(), LETTERS)) }
                    }
                }
            }
        }
    }

    fn fixed(&self, column: &Column) -> Markup {
        let value = (!self.is_null).then_some(self.value.as_str());
        html! {
            @match &self.unfit {
                Some((reason, cell)) => {
                    output.mono id=(id(column)) { (cell::of(Some(cell), LETTERS)) }
                    p.quiet { (reason) }
                },
                None => {
                    output.mono id=(id(column)) { (cell::shown(value, LETTERS)) }
                    p.quiet { "PostgreSQL generates this value." }
                },
            }
        }
    }

    fn control(&self, column: &Column, around: &Surroundings<'_>) -> Markup {
        let booleans = ["true".to_owned(), "false".to_owned()];
        let id = id(column);
        let name = format!("c.{}", column.name);
        let is_date = column.bare_type == "date" && is_plain_date(&self.value);
        html! {
            @if !column.labels.is_empty() { (self.select((&id, &name), &column.labels)) }
            @else if column.bare_type == "boolean" { (self.select((&id, &name), &booleans)) }
            @else if let Some((choices, all)) = &around.choices {
                input id=(id) name=(name) value=(self.value) list=(format!("{id}-list"))
                    autocomplete="off" spellcheck="false" data-choices=(all);
                datalist id=(format!("{id}-list")) { (super::choices::options(choices)) }
                a.more href=(all) target="_blank" rel="noopener" { "search the values" }
            }
            @else if is_date { input id=(id) name=(name) value=(self.value) type="date"; }
            @else if self.has_lines(column) {
                // A browser leaves out the first line end of what is in it.
                textarea id=(id) name=(name) rows=(self.rows()) spellcheck="false"
                    placeholder=[hint(column)] { "\n" (self.value) }
            }
            @else {
                input id=(id) name=(name) value=(self.value) autocomplete="off" spellcheck="false"
                    inputmode=[column.is_number.then_some("decimal")] placeholder=[hint(column)];
            }
        }
    }

    fn select(&self, (id, name): (&str, &str), values: &[String]) -> Markup {
        html! {
            select id=(id) name=(name) {
                option value="" selected[self.value.is_empty()] { "–" }
                @for value in values.iter().filter(|value| !value.is_empty()) {
                    option value=(value) selected[*value == self.value] { (value) }
                }
            }
        }
    }

    fn ticks(&self, column: &Column, is_new: bool) -> Markup {
        html! {
            @if !column.not_null {
                label.check {
                    input type="checkbox" name=(format!("n.{}", column.name)) value="1"
                        checked[self.is_null] data-null aria-label=(format!("{} is NULL", column.name));
                    " NULL"
                }
            }
            @if is_new && has_default(column) {
                label.check {
                    input type="checkbox" name=(format!("d.{}", column.name)) value="1"
                        checked[self.is_default] data-default
                        aria-label=(format!("{}: use the default", column.name));
                    " default"
                    @if let Some(default) = &column.default { " " span.mono { (default) } }
                }
            }
        }
    }

    /// Whether lines can be in it, which a simple field would lose.
    fn has_lines(&self, column: &Column) -> bool {
        let is_short = column.is_number
            || column.bare_type == "uuid"
            || column.bare_type.starts_with("time")
            || column.bare_type == "date";
        !is_short || self.value.contains(['\n', '\r'])
    }

    fn rows(&self) -> usize {
        let lines = self.value.split('\n').map(|line| 1 + line.len() / 90);
        lines.sum::<usize>().clamp(1, 14)
    }
}

fn id(column: &Column) -> String {
    format!("field-{}", crate::url::segment(&column.name))
}

/// Whether a browser's own field for dates can show it: not `infinity`, nor a year
/// before Christ.
fn is_plain_date(value: &str) -> bool {
    let shape = |text: &str| text.len() == 10 && text.bytes().enumerate().all(is_of_date);
    value.is_empty() || shape(value)
}

fn is_of_date((at, byte): (usize, u8)) -> bool {
    if matches!(at, 4 | 7) {
        byte == b'-'
    } else {
        byte.is_ascii_digit()
    }
}

/// How a value of the type is written, where that is not plain.
fn hint(column: &Column) -> Option<&'static str> {
    match column.bare_type.as_str() {
        "timestamp with time zone" => Some("2026-01-31 12:00:00+00"),
        "timestamp without time zone" => Some("2026-01-31 12:00:00"),
        "uuid" => Some("00000000-0000-0000-0000-000000000000"),
        "bytea" => Some("\\x00ff"),
        "interval" => Some("1 day 02:00:00"),
        "json" | "jsonb" => Some("{\"name\": 1}"),
        other if other.ends_with("[]") => Some("{first,second}"),
        _ => None,
    }
}
