//! How an answer to typed SQL is shown, and how a refusal.

use std::time::Duration;

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::cell;
use crate::data::{Answer, Field, Refusal, Value, Values};
use crate::problem;
use crate::words::counted;

/// How many letters of a value a page shows.
pub(super) const LETTERS: usize = 2_000;

/// How many letters of a value a file has.
pub(super) const LETTERS_IN_FILE: usize = 1_000_000;

/// The largest number of rows that is shown of one answer.
pub(super) const ROWS: usize = 5_000;

/// The rows of an answer as a table.
pub(super) fn grid(answer: &Answer) -> Markup {
    let is_plan = answer.fields.iter().all(|field| field.name == "QUERY PLAN");
    html! {
        div.scroll.answer-box tabindex="0" role="region" aria-label="Rows of the answer" {
            table.grid.answer.plan[is_plan] {
                thead { tr { @for field in &answer.fields { (head(field)) } } }
                tbody {
                    @for row in &answer.rows { tr { (cells(row)) } }
                }
            }
        }
    }
}

/// A column's name and type.
pub(super) fn head(field: &Field) -> Markup {
    html! { th scope="col" { (field.name) span.type { (field.kind) } } }
}

/// The cells of one row.
pub(super) fn cells(row: &Values) -> Markup {
    html! { @for value in row { td { (cell(value.as_ref())) } } }
}

fn cell(value: Option<&Value>) -> Markup {
    let cut_from = value.and_then(|value| value.cut_from.as_deref());
    html! {
        (cell::in_line(value.map(|value| value.text.as_str()), usize::MAX))
        @if let Some(length) = cut_from { span.cut { "…" } " " span.length.quiet { (length) } }
    }
}

/// A time as people read it.
pub(super) fn time(took: Duration) -> String {
    let milliseconds = took.as_secs_f64() * 1000.0;
    match milliseconds {
        short if short < 1000.0 => format!("{short:.1} ms"),
        long => format!("{:.2} s", long / 1000.0),
    }
}

/// A number of rows.
pub(super) fn rows(count: usize) -> String {
    let ending = if count == 1 { "row" } else { "rows" };
    format!("{} {ending}", words(count))
}

fn words(count: usize) -> String {
    counted(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Why there is no answer, with the place in `sql` marked.
pub(super) fn refusal(refusal: &Refusal, sql: &str) -> Markup {
    html! {
        div.refusal data-position=[refusal.position] {
            (problem::error(&refusal.message))
            @if let Some(position) = refusal.position { (marked(sql, position)) }
            @if let Some(hint) = refusal.hint { (problem::hint(hint)) }
        }
    }
}

/// The line of `sql` that has the letter at `position`, with its word marked.
fn marked(sql: &str, position: usize) -> Markup {
    let mut column = position;
    for (at, line) in sql.split('\n').enumerate() {
        let length = line.chars().count();
        if column <= length {
            return marked_line(at + 1, line, column);
        }
        column -= length + 1;
    }
    html! {}
}

fn marked_line(number: usize, line: &str, column: usize) -> Markup {
    let letters = line.chars().collect::<Vec<_>>();
    let (before, rest) = letters.split_at(column.min(letters.len()));
    let is_word = |letter: &&char| letter.is_alphanumeric() || **letter == '_';
    let length = rest.iter().take_while(is_word).count();
    let (word, after) = rest.split_at(length.max(1).min(rest.len()));
    let text = |letters: &[char]| letters.iter().collect::<String>();
    html! {
        p.quiet { "Line " (number) ", column " (column + 1) ":" }
        pre.marked {
            (text(before))
            @if word.is_empty() { mark { " " } } @else { mark { (text(word)) } }
            (text(after))
        }
    }
}

/// A file of comma-separated values.
pub(super) fn file(name: &str, text: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.csv\""),
        ),
    ];
    (headers, text).into_response()
}

/// A value in such a file. One that is cut says so.
pub(super) fn in_file(value: &Value) -> String {
    match &value.cut_from {
        None => value.text.clone(),
        Some(length) => format!("{}… ({length})", value.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(sql: &str, position: usize) -> String {
        marked(sql, position).into_string()
    }

    #[test]
    fn the_word_at_the_position_is_marked_in_its_line() {
        assert!(mark("SELECT nam FROM x", 7).contains("SELECT <mark>nam</mark> FROM x"));
        let second = mark("SELECT 'ä',\n  nam <b> FROM x", 14);
        assert!(second.contains("Line 2, column 3"), "{second}");
        assert!(
            second.contains("  <mark>nam</mark> &lt;b&gt; FROM x"),
            "{second}"
        );
        let third = mark("a\nbc\nd)", 6);
        assert!(third.contains("Line 3, column 2"), "{third}");
        assert!(third.contains("d<mark>)</mark>"), "{third}");
        assert!(mark("SELECT", 6).contains("SELECT<mark> </mark>"));
    }
}
