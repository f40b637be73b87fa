//! A statement as people are shown it, who may copy it and run it.
//!
//! White space between words is one blank, and comments are left out. What is in quotes is a
//! name or a value: it stays, and its control characters are written as escapes, so that a
//! terminal, a log and a clipboard keep them.

use crate::quote::inside_literal;
use crate::token::{Text, Token, TokenKind, tokens};

/// What becomes of a text in dollar quotes, mostly the body of a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bodies {
    /// It is as it is.
    Kept,
    /// It is on one line, for reading only.
    Short,
}

/// The statement `sql`, to be run as it is shown. It has several lines only where a text in
/// dollar quotes has.
///
/// ```
/// assert_eq!(
///     sql_text::to_run("DROP  TABLE \"two  spaces\".\"a\tb\""),
///     r#"DROP TABLE "two  spaces".U&"a\0009b""#
/// );
/// ```
#[must_use]
pub fn to_run(sql: &str) -> String {
    reflowed(sql, Bodies::Kept)
}

/// The same on one line, with the bodies of functions shortened: for reading only.
#[must_use]
pub fn on_one_line(sql: &str) -> String {
    reflowed(sql, Bodies::Short)
}

fn reflowed(sql: &str, bodies: Bodies) -> String {
    let mut line = String::with_capacity(sql.len());
    let mut is_apart = false;
    for token in tokens(sql) {
        if token.is_trivia() {
            is_apart = !line.is_empty();
            continue;
        }
        if std::mem::take(&mut is_apart) {
            line.push(' ');
        }
        line.push_str(&written(&token, bodies));
    }
    line
}

fn written(token: &Token<'_>, bodies: Bodies) -> String {
    let text = token.text;
    let is_dollar = token.kind == TokenKind::Text(Text::Dollar);
    if is_dollar && bodies == Bodies::Short || !token.is_closed {
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let is_plain = |c: char| !c.is_control() || is_dollar && c == '\n';
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    match token.kind {
        TokenKind::QuotedName if text.starts_with('"') => {
            format!("U&{}", by_number(&text.replace('\\', "\\\\")))
        }
        TokenKind::QuotedName | TokenKind::Text(Text::Unicode) => by_number(text),
        TokenKind::Text(Text::Plain) => format!("E{}", by_escape(&text.replace('\\', "\\\\"))),
        TokenKind::Text(Text::Escaped) => by_escape(text),
        TokenKind::Text(Text::Dollar) => {
            let body = inside_literal(inside_dollars(text)).replace('\\', "\\\\");
            format!("E'{}'", by_escape(&body))
        }
        _ => text.to_owned(),
    }
}

/// What is between the two tags.
fn inside_dollars(text: &str) -> &str {
    let tag = text.get(1..).and_then(|rest| rest.find('$'));
    let length = tag.map_or(0, |end| end + 2);
    let end = text.len().saturating_sub(length);
    text.get(length..end).unwrap_or_default()
}

/// Each control character as `U&` writes it.
fn by_number(text: &str) -> String {
    with_controls(text, |c| format!("\\{:04X}", u32::from(c)))
}

/// Each control character as `E` writes it.
fn by_escape(text: &str) -> String {
    with_controls(text, |c| match c {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        other => format!("\\u{:04X}", u32::from(other)),
    })
}

fn with_controls(text: &str, escape: impl Fn(char) -> String) -> String {
    let mut all = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => all.push_str(&escape(c)),
            false => all.push(c),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_stay_what_they_are() {
        let cases = [
            ("SELECT  1 ,\n 2", "SELECT 1 , 2"),
            (
                "DROP TABLE \"two  spaces\".t;",
                "DROP TABLE \"two  spaces\".t;",
            ),
            ("SELECT 'a  b', E'c\\n  d'", "SELECT 'a  b', E'c\\n  d'"),
            ("SELECT 'a\tb\\'", "SELECT E'a\\tb\\\\'"),
            (
                "DROP SCHEMA \"cr\r\n\\X\"",
                r#"DROP SCHEMA U&"cr\000D\000A\\X""#,
            ),
            ("SELECT 1 -- one\n, 2 /* two */", "SELECT 1 , 2"),
            (
                "DO $a$ BEGIN\n  NULL; -- no\nEND $a$",
                "DO $a$ BEGIN\n  NULL; -- no\nEND $a$",
            ),
            ("DO $a$ it's\r\n\\ $a$", r"DO E' it''s\r\n\\ '"),
        ];
        for (sql, shown) in cases {
            assert_eq!(to_run(sql), shown);
        }
        assert_eq!(on_one_line("DO $$ a\n  b $$  ;"), "DO $$ a b $$ ;");
    }
}
