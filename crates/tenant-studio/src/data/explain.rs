//! The beginning of a typed statement: its first word, and the statement that `EXPLAIN` is to
//! explain.
//!
//! This module does not decide that a text is harmless. The parts are assembled again, and
//! PostgreSQL checks them.

/// The options that `EXPLAIN` is passed on with.
const OPTIONS: [&str; 10] = [
    "analyze",
    "buffers",
    "costs",
    "format",
    "memory",
    "serialize",
    "settings",
    "summary",
    "timing",
    "verbose",
];

/// An `EXPLAIN`, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Explain<'a> {
    options: Vec<String>,
    /// What it explains: the end of the text.
    pub(super) query: &'a str,
}

impl<'a> Explain<'a> {
    /// The parts of `sql`, if it begins as an `EXPLAIN` does.
    pub(super) fn of(sql: &'a str) -> Option<Self> {
        let (first, rest) = word(skip(sql, &[]));
        if !first.eq_ignore_ascii_case("explain") {
            return None;
        }
        let rest = skip(rest, &[]);
        let listed = rest.strip_prefix('(').and_then(listed);
        let (options, query) = listed.unwrap_or_else(|| before_the_query(rest));
        let query = skip(query, &[]);
        Some(Self { options, query })
    }

    /// The statement, made of nothing but known options and the query.
    pub(super) fn statement(&self) -> String {
        let options = match self.options.as_slice() {
            [] => "COSTS TRUE".to_owned(),
            options => options.join(", "),
        };
        format!("EXPLAIN ({options}) {}", self.query)
    }
}

/// Options in parentheses, of which the first is open already.
fn listed(text: &str) -> Option<(Vec<String>, &str)> {
    let mut options = Vec::new();
    let mut rest = text;
    loop {
        let (name, behind) = word(skip(rest, &[]));
        let name = name.to_ascii_lowercase();
        if !OPTIONS.contains(&name.as_str()) {
            return None;
        }
        let (value, behind) = word(skip(behind, &[]));
        options.push(format!("{name} {value}").trim_end().to_owned());
        let behind = skip(behind, &[]);
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Some((options, behind.strip_prefix(')')?)),
        }
    }
}

/// The old form: `EXPLAIN ANALYZE VERBOSE query`.
fn before_the_query(text: &str) -> (Vec<String>, &str) {
    let mut options = Vec::new();
    let mut rest = text;
    for name in ["analyze", "verbose"] {
        let (next, behind) = word(rest);
        if next.eq_ignore_ascii_case(name) {
            options.push(name.to_owned());
            rest = skip(behind, &[]);
        }
    }
    (options, rest)
}

/// The first word of a statement, also behind empty statements.
pub(super) fn first_word(sql: &str) -> &str {
    word(skip(sql, &[';'])).0
}

/// The letters and digits that `text` begins with, and the rest.
fn word(text: &str) -> (&str, &str) {
    let is_in = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let end = text.find(|letter| !is_in(letter)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// `text` without the space, the comments and the letters `also` at its beginning.
fn skip<'a>(text: &'a str, also: &[char]) -> &'a str {
    let is_space = |letter: char| letter.is_ascii_whitespace() || letter == '\u{b}';
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|letter| is_space(letter) || also.contains(&letter));
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment
                .split_once(['\n', '\r'])
                .map_or("", |(_, rest)| rest);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = behind_comment(comment);
        } else {
            return rest;
        }
    }
}

/// What follows a comment that is open; comments can stand in comments.
fn behind_comment(text: &str) -> &str {
    let (mut depth, mut rest) = (1, text);
    while depth > 0 {
        let Some(at) = rest.find(['*', '/']) else {
            return "";
        };
        rest = rest.get(at..).unwrap_or_default();
        let step = match rest {
            _ if rest.starts_with("*/") => -1,
            _ if rest.starts_with("/*") => 1,
            _ => 0,
        };
        depth += step;
        let length = if step == 0 { 1 } else { 2 };
        rest = rest.get(length..).unwrap_or_default();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(sql: &str) -> String {
        Explain::of(sql).unwrap().statement()
    }

    #[test]
    fn an_explain_is_put_together_from_known_parts() {
        for (typed, sent) in [
            ("explain select 1", "EXPLAIN (COSTS TRUE) select 1"),
            (
                "EXPLAIN ANALYZE VERBOSE TABLE x",
                "EXPLAIN (analyze, verbose) TABLE x",
            ),
            (
                "/* a /* b */ */ EXPLAIN -- c\n ( ANALYZE, Buffers off ,FORMAT json)\nSELECT 1",
                "EXPLAIN (analyze, buffers off, format json) SELECT 1",
            ),
            ("EXPLAIN (SELECT 1)", "EXPLAIN (COSTS TRUE) (SELECT 1)"),
            (
                "EXPLAIN (analyze) (SELECT 1)",
                "EXPLAIN (analyze) (SELECT 1)",
            ),
            (
                "EXPLAIN (anything) SELECT 1",
                "EXPLAIN (COSTS TRUE) (anything) SELECT 1",
            ),
        ] {
            assert_eq!(statement(typed), sent);
        }
        for other in ["explained", "SELECT 1", "", "/* EXPLAIN", "'EXPLAIN'"] {
            assert_eq!(Explain::of(other), None, "{other}");
        }
    }

    #[test]
    fn the_first_word_is_found_behind_all_that_can_stand_before_it() {
        for sql in [
            "COMMIT",
            " ;; -- x\n;COMMIT",
            "/*/*/**/*/*/COMMIT;",
            "--\rCOMMIT",
        ] {
            assert_eq!(first_word(sql), "COMMIT", "{sql}");
        }
        assert_eq!(first_word("/* COMMIT"), "");
    }
}
