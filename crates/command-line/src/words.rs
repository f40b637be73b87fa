//! Numbers and durations as people read them.

use std::time::Duration;

use crate::output::{shown, shown_lines};

/// `1 tenant`, `2 tenants`.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// A duration as people read it: `31 ms`, `4.2 s`.
#[must_use]
pub fn time(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

/// A text with SQL in it on one line: the definition of a function has many. What is in quotes
/// stays as it is.
#[must_use]
pub fn one_line(text: &str) -> String {
    shown(&sql_text::on_one_line(text)).into_owned()
}

/// A statement that can be copied and run. It has several lines only where the body of a
/// function has.
#[must_use]
pub fn to_run(statement: &str) -> String {
    shown_lines(&sql_text::to_run(statement))
}
