//! Which statements take parameters: queries, and what is made of one.
//!
//! Source: PostgreSQL manual, `PREPARE`, which takes the same statements; `CALL`, and those
//! that contain a query, take them in a message with parameters too.

use sql_text::{Token, TokenKind};

/// The statements that take parameters anywhere.
const QUERIES: [&str; 13] = [
    "select", "insert", "update", "delete", "merge", "with", "values", "table", "call", "explain",
    "declare", "execute", "(",
];

/// What stands between `CREATE` and `TABLE`.
const KINDS_OF_TABLE: [&str; 5] = ["global", "local", "temporary", "temp", "unlogged"];

/// Why a placeholder behind `before`, the tokens of a statement up to it, can have no value:
/// the statement's first word, or first two.
pub(super) fn takes_none(before: &[Token<'_>]) -> Option<String> {
    let is_space = |kind| {
        use TokenKind::{BlockComment, LineComment, Whitespace};
        matches!(kind, Whitespace | LineComment | BlockComment)
    };
    let words = before.iter().filter(|token| !is_space(token.kind));
    let words = words.map(|token| token.text.to_ascii_lowercase());
    let words = words.collect::<Vec<_>>();
    let first = words.first()?;
    if QUERIES.contains(&first.as_str()) || is_table_of_query(&words) {
        return None;
    }
    let named = match (first.as_str(), words.get(1)) {
        ("create" | "alter" | "drop" | "comment", Some(second)) => format!("{first} {second}"),
        _ => first.clone(),
    };
    Some(named.to_ascii_uppercase())
}

/// `CREATE TABLE name AS query`.
fn is_table_of_query(words: &[String]) -> bool {
    let mut kind = words.iter().skip(1).map(String::as_str);
    let kind = kind.find(|word| !KINDS_OF_TABLE.contains(word));
    let first = words.first().map(String::as_str);
    first == Some("create")
        && matches!(kind, Some("table"))
        && words.iter().any(|word| word == "as")
}
