//! PostgreSQL's rules for where a token ends.
//!
//! Source: `src/backend/parser/scan.l` of PostgreSQL, and the chapter "Lexical
//! Structure" of its manual.

use crate::token::{Text, TokenKind};

/// What stands at the beginning of a text.
pub(crate) struct Found {
    pub(crate) kind: TokenKind,
    /// In bytes, at least 1.
    pub(crate) length: usize,
    pub(crate) is_closed: bool,
}

impl Found {
    fn closed(kind: TokenKind, length: usize) -> Self {
        Self {
            kind,
            length,
            is_closed: true,
        }
    }

    /// What ends `length` bytes into `rest`, or not at all.
    fn until(kind: TokenKind, rest: &str, length: Option<usize>) -> Self {
        Self {
            kind,
            length: length.unwrap_or(rest.len()),
            is_closed: length.is_some(),
        }
    }
}

/// The token at the beginning of `rest`, whose first character is `first`.
pub(crate) fn token(rest: &str, first: char, is_start: bool) -> Found {
    let second = rest
        .get(first.len_utf8()..)
        .and_then(|it| it.chars().next());
    match (first, second) {
        ('\u{feff}', _) if is_start => Found::closed(TokenKind::Whitespace, first.len_utf8()),
        ('-', Some('-')) => {
            let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
            Found::closed(TokenKind::LineComment, length)
        }
        ('/', Some('*')) => Found::until(TokenKind::BlockComment, rest, block_comment(rest)),
        ('\'', _) => text(Text::Plain, rest, 1),
        ('"', _) => quoted_name(rest, 1),
        ('e' | 'E', Some('\'')) => escaped(rest, 2),
        ('b' | 'B' | 'x' | 'X', Some('\'')) => text(Text::Bits, rest, 2),
        ('n' | 'N', Some('\'')) => text(Text::National, rest, 2),
        ('u' | 'U', Some('&')) => match rest.as_bytes().get(2) {
            Some(b'\'') => text(Text::Unicode, rest, 3),
            Some(b'"') => quoted_name(rest, 3),
            _ => Found::closed(TokenKind::Word, 1),
        },
        ('$', _) => dollar(rest),
        ('.', Some('.')) => Found::closed(TokenKind::DotDot, 2),
        ('.', Some('0'..='9')) | ('0'..='9', _) => Found::closed(TokenKind::Number, number(rest)),
        _ if is_space(first) => Found::closed(TokenKind::Whitespace, run(rest, is_space)),
        _ if begins_word(first) => Found::closed(TokenKind::Word, run(rest, is_in_word)),
        _ => Found::closed(TokenKind::Symbol(first), first.len_utf8()),
    }
}

/// A string constant with escapes, whose quote opens before the byte `from`.
pub(crate) fn escaped(rest: &str, from: usize) -> Found {
    let mut bytes = rest.bytes().enumerate().skip(from).peekable();
    let mut end = None;
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'\'' if bytes.next_if(|(_, next)| *next == b'\'').is_none() => {
                end = Some(at + 1);
                break;
            }
            _ => {}
        }
    }
    Found::until(TokenKind::Text(Text::Escaped), rest, end)
}

fn text(how: Text, rest: &str, from: usize) -> Found {
    Found::until(TokenKind::Text(how), rest, behind_quote(rest, from, b'\''))
}

fn quoted_name(rest: &str, from: usize) -> Found {
    Found::until(TokenKind::QuotedName, rest, behind_quote(rest, from, b'"'))
}

/// Behind the `quote` that closes what was opened before the byte `from`; two of them
/// are one inside.
fn behind_quote(rest: &str, from: usize, quote: u8) -> Option<usize> {
    let mut bytes = rest.bytes().enumerate().skip(from).peekable();
    while let Some((at, byte)) = bytes.next() {
        if byte == quote && bytes.next_if(|(_, next)| *next == quote).is_none() {
            return Some(at + 1);
        }
    }
    None
}

/// Behind the comment that `rest` begins with. Comments nest.
fn block_comment(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut bytes = rest.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'/' if bytes.next_if(|(_, next)| *next == b'*').is_some() => depth += 1,
            b'*' if bytes.next_if(|(_, next)| *next == b'/').is_some() => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 2);
                }
            }
            _ => {}
        }
    }
    None
}

/// A dollar quote or a parameter.
fn dollar(rest: &str) -> Found {
    let behind = rest.get(1..).unwrap_or_default();
    let tag = match behind.chars().next() {
        Some(first) if begins_word(first) => run(behind, |c| is_in_word(c) && c != '$'),
        _ => 0,
    };
    if behind.get(tag..).is_some_and(|it| it.starts_with('$')) {
        let (mark, body) = rest.split_at_checked(tag + 2).unwrap_or((rest, ""));
        let end = body.find(mark).map(|at| at + 2 * mark.len());
        return Found::until(TokenKind::Text(Text::Dollar), rest, end);
    }
    let digits = run(behind, |c| c.is_ascii_digit());
    let letters = letters(behind.get(digits..).unwrap_or_default());
    Found::closed(TokenKind::Parameter, 1 + digits + letters)
}

/// How long the number is that `rest` begins with, with the letters behind it, which
/// the server refuses.
fn number(rest: &str) -> usize {
    let is_hex = |c: char| c.is_ascii_hexdigit();
    let is_digit = |c: char| c.is_ascii_digit();
    let bytes = rest.as_bytes();
    let mut end = match (bytes.first(), bytes.get(1)) {
        (Some(b'0'), Some(b'x' | b'X')) => return with_letters(rest, digits(rest, 2, is_hex)),
        (Some(b'0'), Some(b'o' | b'O' | b'b' | b'B')) => {
            return with_letters(rest, digits(rest, 2, is_digit));
        }
        (Some(b'.'), _) => 0,
        _ => digits(rest, 1, is_digit),
    };
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1) != Some(&b'.') {
        end += 1;
        // An underscore stands between two digits only.
        if bytes.get(end).is_some_and(u8::is_ascii_digit) {
            end = digits(rest, end, is_digit);
        }
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        end += 1;
        let sign = usize::from(matches!(bytes.get(end), Some(b'+' | b'-')));
        if bytes.get(end + sign).is_some_and(u8::is_ascii_digit) {
            end = digits(rest, end + sign, is_digit);
        }
    }
    with_letters(rest, end)
}

/// Behind the digits from the byte `from` on, and the underscores between them.
fn digits(rest: &str, from: usize, is_digit: impl Fn(char) -> bool) -> usize {
    let mut chars = rest.get(from..).unwrap_or_default().chars().peekable();
    let mut end = from;
    while let Some(c) = chars.next() {
        let joins = c == '_' && chars.peek().is_some_and(|next| is_digit(*next));
        if !joins && !is_digit(c) {
            break;
        }
        end += 1;
    }
    end
}

fn with_letters(rest: &str, end: usize) -> usize {
    end + letters(rest.get(end..).unwrap_or_default())
}

/// How long the word is that `rest` begins with, if any.
fn letters(rest: &str) -> usize {
    match rest.chars().next() {
        Some(first) if begins_word(first) => run(rest, is_in_word),
        _ => 0,
    }
}

/// How many bytes at the beginning of `rest` are such characters.
fn run(rest: &str, is_such: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !is_such(c)).unwrap_or(rest.len())
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

/// Every character that is not ASCII is a letter to PostgreSQL.
fn begins_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn is_in_word(c: char) -> bool {
    begins_word(c) || c.is_ascii_digit() || c == '$'
}
