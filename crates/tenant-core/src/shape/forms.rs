//! The forms in which a migration can have written its schema's name into a text.
//!
//! `current_schema()` gives the name as it is, `%I` quotes it, and a code or a prefix
//! made of it is often in capitals or without underscores. In a template each form has a
//! mark, which a schema's own name takes the place of.

use sql_text::{Text, Token, TokenKind, tokens};

/// A form of a schema's name, and the character that stands for it in a template. Unicode
/// sets these characters apart for what a program does inside itself.
///
/// Source: Unicode Standard, "Noncharacters".
struct Form {
    mark: char,
    of: fn(&str) -> String,
}

/// In the order in which they are looked for: a longer one holds a shorter one.
const FORMS: [Form; 6] = [
    Form {
        mark: '\u{fdd8}',
        of: quoted,
    },
    Form {
        mark: '\u{fdd9}',
        of: str::to_owned,
    },
    Form {
        mark: '\u{fdda}',
        of: str::to_lowercase,
    },
    Form {
        mark: '\u{fddb}',
        of: str::to_uppercase,
    },
    Form {
        mark: '\u{fddc}',
        of: joined,
    },
    Form {
        mark: '\u{fddd}',
        of: joined_in_capitals,
    },
];

/// Stands for a quote around an identifier, where it needs one.
const QUOTE: char = '\u{fdde}';

/// As `quote_ident` and `%I` write it, as far as that does not depend on keywords: no
/// name that is one can be a tenant's.
pub(super) fn quoted(name: &str) -> String {
    let is_plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if name.chars().all(is_plain) && !name.starts_with(|first: char| first.is_ascii_digit()) {
        name.to_owned()
    } else {
        sql_text::ident(name)
    }
}

fn joined(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

fn joined_in_capitals(name: &str) -> String {
    joined(name).to_uppercase()
}

/// Whether a text in quotes is taken for the name as `%I` writes it, or for a name that was quoted
/// by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// They belong to the name.
    OfName,
    /// They belong to the text.
    OfText,
}

/// `text` with marks in the places of the name `name`.
pub(super) fn template(text: &str, name: &str, quotes: Quotes) -> String {
    let skipped = usize::from(quotes == Quotes::OfText);
    let forms = FORMS.iter().skip(skipped);
    let text = match quotes {
        Quotes::OfName if text.contains('$') => with_loose_quotes(text, name),
        _ => text.to_owned(),
    };
    forms.fold(text, |text, form| {
        text.replace(&(form.of)(name), &form.mark.to_string())
    })
}

/// A text in which the bodies of functions have marks in place of the quotes of identifiers
/// that the name is a part of: `%I` has written them, and leaves quotes out where it can.
fn with_loose_quotes(text: &str, name: &str) -> String {
    let whole = sql_text::ident(name);
    let in_body = |token: Token<'_>| {
        let inside = token.text.strip_prefix('"');
        let inside = inside.and_then(|inside| inside.strip_suffix('"'));
        let is_part = token.kind == TokenKind::QuotedName && token.text != whole;
        match inside.filter(|inside| is_part && inside.contains(name)) {
            Some(inside) => format!("{QUOTE}{}{QUOTE}", inside.replace("\"\"", "\"")),
            None => token.text.to_owned(),
        }
    };
    let all = tokens(text).map(|token| {
        let mark = token.text.split_inclusive('$').take(2).map(str::len).sum();
        let end = token.text.len().saturating_sub(mark);
        match token.text.get(mark..end) {
            Some(body) if token.kind == TokenKind::Text(Text::Dollar) => {
                let (open, close) = token.text.split_at(mark);
                let close = close.get(end - mark..).unwrap_or_default();
                format!(
                    "{open}{}{close}",
                    tokens(body).map(in_body).collect::<String>()
                )
            }
            _ => token.text.to_owned(),
        }
    });
    all.collect()
}

/// The text that a template gives for the schema `name`. An identifier that the name is a
/// part of has quotes where it then needs them.
pub(super) fn filled(template: &str, name: &str) -> String {
    if !has_name(template) {
        return template.to_owned();
    }
    let all = tokens(template).collect::<Vec<_>>();
    let filled = all.iter().enumerate().map(|(at, token)| {
        let inside = token.text.strip_prefix('"');
        match inside.and_then(|inside| inside.strip_suffix('"')) {
            Some(inside) if token.kind == TokenKind::QuotedName && has_name(inside) => {
                quoted(&replaced(&inside.replace("\"\"", "\""), name))
            }
            _ => match relation_in(token, all.get(at + 1..).unwrap_or_default()) {
                Some(inside) => format!("'{}'", self::filled(inside, name)),
                None => replaced(token.text, name),
            },
        }
    });
    filled.collect()
}

/// The name of a relation in a constant that the server writes, `'"Big_seq"'::regclass`,
/// where `behind` is what follows it.
fn relation_in<'a>(token: &Token<'a>, behind: &[Token<'_>]) -> Option<&'a str> {
    let cast = behind.iter().take(3).map(|token| token.text);
    let is_relation = token.kind == TokenKind::Text(Text::Plain) && cast.eq([":", ":", "regclass"]);
    let inside = token.text.strip_prefix('\'')?.strip_suffix('\'')?;
    is_relation.then_some(inside)
}

fn replaced(template: &str, name: &str) -> String {
    let forms = FORMS.iter();
    let text = forms.fold(template.to_owned(), |text, form| {
        if text.contains(form.mark) {
            text.replace(form.mark, &(form.of)(name))
        } else {
            text
        }
    });
    if !text.contains(QUOTE) {
        return text;
    }
    let parts = text.split(QUOTE).enumerate();
    let parts = parts.map(|(at, part)| match at % 2 {
        0 => part.to_owned(),
        _ => quoted(part),
    });
    parts.collect()
}

/// Whether the name has a place in it.
pub(crate) fn has_name(template: &str) -> bool {
    // Asked of each text of each tenant, of which most have no mark of any kind.
    !template.is_ascii() && template.contains(|letter| FORMS.iter().any(|form| form.mark == letter))
}

/// The letters and digits of a text, small: what is left of a name however it is written.
pub(super) fn bare(text: &str) -> String {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: &str = "tqkMvwx_zpgnHqrst";

    #[test]
    fn each_form_of_a_name_is_found_and_filled_for_another_schema() {
        for (text, other) in [
            ("'tqkMvwx_zpgnHqrst'", "'Big_Bang'"),
            ("\"tqkMvwx_zpgnHqrst\".tasks", "\"Big_Bang\".tasks"),
            ("tqkmvwx_zpgnhqrst-1", "big_bang-1"),
            ("TQKMVWX_ZPGNHQRST", "BIG_BANG"),
            ("tqkmvwxzpgnhqrst", "bigbang"),
            ("TQKMVWXZPGNHQRST", "BIGBANG"),
            ("\"tqkMvwx_zpgnHqrst_pk\"", "\"Big_Bang_pk\""),
            (
                "nextval('\"tqkMvwx_zpgnHqrst_s\"'::regclass)",
                "nextval('\"Big_Bang_s\"'::regclass)",
            ),
            ("nothing of it", "nothing of it"),
        ] {
            let template = template(text, SECOND, Quotes::OfName);
            assert_eq!(filled(&template, "Big_Bang"), other, "{text}");
            assert_eq!(has_name(&template), text != other, "{text}");
        }
    }

    #[test]
    fn a_relation_in_a_constant_has_quotes_where_its_name_needs_them() {
        let default = "nextval('\"tqkMvwx_zpgnHqrst_s\"'::regclass)";
        let template = template(default, SECOND, Quotes::OfName);
        assert_eq!(filled(&template, "acme"), "nextval('acme_s'::regclass)");
    }

    #[test]
    fn an_identifier_in_a_body_has_quotes_where_it_needs_them() {
        let body = "AS $f$ SELECT '$' FROM \"tqkMvwx_zpgnHqrst_t\", \"Other\" $f$";
        let template = template(body, SECOND, Quotes::OfName);
        let plain = "AS $f$ SELECT '$' FROM acme_t, \"Other\" $f$";
        assert_eq!(filled(&template, "acme"), plain);
        let big = "AS $f$ SELECT '$' FROM \"Big_t\", \"Other\" $f$";
        assert_eq!(filled(&template, "Big"), big);
    }

    #[test]
    fn quotes_of_the_text_stay_around_a_name_that_needs_none() {
        let json = "'{\"schema\": \"tqkMvwx_zpgnHqrst\"}'";
        let template = template(json, SECOND, Quotes::OfText);
        assert_eq!(filled(&template, "acme"), "'{\"schema\": \"acme\"}'");
    }
}
