//! Definitions without the name of their schema, so that those of two tenants can
//! be compared, and back again, so that they can be run.
//!
//! With nothing in the path, PostgreSQL qualifies every name. Where a definition
//! names its own schema, the normal form has a mark; other schemas stay as they
//! are. What is replaced are tokens, never letters: the tenant `a` does not touch
//! `data.x`, nor a string that has its name in it.

use sql_text::{Text, Token, TokenKind, stored, tokens};

use sql_text::{ident, inside_literal, literal, plain_literal};

/// Stands for the schema's name with the dot behind it. Unicode sets this character
/// apart for what a program does inside itself, so no text has it; a comment may
/// well have a control character.
///
/// Source: Unicode Standard, "Noncharacters".
const QUALIFIER: char = '\u{fdd0}';

/// The same inside a string constant, where a quote is written twice.
const IN_CONSTANT: char = '\u{fdd3}';

/// Stands for the schema's name as a string constant.
const CONSTANT: char = '\u{fdd1}';

/// Stands for the schema's name alone.
const ALONE: char = '\u{fdd2}';

/// The name of the schema that definitions are read from.
#[derive(Debug, Clone)]
pub(super) struct Own {
    name: String,
    /// As PostgreSQL writes it: in quotes only where they are needed.
    ident: String,
}

impl Own {
    pub(super) fn new(name: impl Into<String>, ident: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ident: ident.into(),
        }
    }

    /// The name as it is.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// `text` with marks where it names this schema.
    pub(super) fn normal(&self, text: &str) -> String {
        // A name with quotes in it is written with more of them.
        let has_quotes = self.name.contains(['"', '\'', '\\']);
        if !has_quotes && !text.contains(&self.name) {
            return text.to_owned();
        }
        let mut normal = String::with_capacity(text.len());
        let mut in_path = false;
        let mut tokens = tokens(text).peekable();
        while let Some(token) = tokens.next() {
            let word = token.text;
            let after = text.get(token.range().end..).unwrap_or_default();
            in_path = is_in_path(in_path, &token);
            let is_behind_dot = normal.ends_with(['.', QUALIFIER]);
            let is_own = token.is_name() && word == self.ident && !is_behind_dot;
            if is_own && after.starts_with('.') {
                tokens.next();
                normal.push(QUALIFIER);
            } else if in_path && is_string(token.kind) && value(&token) == self.name {
                normal.push(CONSTANT);
            } else if is_string(token.kind) && after.starts_with("::reg") {
                normal.push_str(&self.in_constant(&token));
            } else {
                normal.push_str(word);
            }
        }
        normal
    }

    /// Whether something else in a text in the normal form is called like the schema.
    pub(super) fn stands_alone_in(&self, normal: &str) -> bool {
        normal.contains(&self.name)
            && tokens(normal).any(|token| token.is_name() && token.text == self.ident)
    }

    /// The constant of an object's name: `'acme.tasks_id_seq'::regclass`, or
    /// `'acme.f(acme.state)'::regprocedure`. Where it names the schema, it comes in the
    /// form without escapes, whatever the schema is called.
    fn in_constant(&self, token: &Token<'_>) -> String {
        let names = value(token);
        let normal = self.normal(&names);
        if normal == names {
            return token.text.to_owned();
        }
        plain_literal(&normal).replace(QUALIFIER, &IN_CONSTANT.to_string())
    }
}

/// What a string constant means that PostgreSQL has written: of escapes it writes
/// `\\` only.
fn value(token: &Token<'_>) -> String {
    let (prefix, inside) = token.text.split_once('\'').unwrap_or(("", token.text));
    let inside = inside.strip_suffix('\'').unwrap_or(inside);
    let plain = inside.replace("''", "'");
    if prefix.is_empty() {
        plain
    } else {
        plain.replace("\\\\", "\\")
    }
}

/// Whether a token belongs to the value of `SET search_path TO ...`, which a
/// function keeps as text.
fn is_in_path(before: bool, token: &Token<'_>) -> bool {
    match token.kind {
        _ if token.is_trivia() => before,
        TokenKind::Word if token.text == "search_path" => true,
        TokenKind::Word => before && token.text == "TO",
        TokenKind::Symbol('=' | ',') => before,
        kind => before && is_string(kind),
    }
}

fn is_string(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Text(Text::Plain | Text::Escaped))
}

/// A text in the normal form, as a statement on the schema called `schema`.
pub(super) fn rendered(normal: &str, schema: &str) -> String {
    if !normal.contains([QUALIFIER, IN_CONSTANT, CONSTANT, ALONE]) {
        return normal.to_owned();
    }
    let (constant, ident) = (literal(schema), ident(schema));
    let qualified = normal.replace(QUALIFIER, &format!("{ident}."));
    qualified
        .replace(IN_CONSTANT, &format!("{}.", inside_literal(&ident)))
        .replace(CONSTANT, &constant)
        .replace(ALONE, &ident)
}

/// The name of an object in the schema, in the normal form.
pub(super) fn own(name: &str) -> String {
    in_schema(&ident(name))
}

/// The same where the name is SQL already: a function's with its arguments.
pub(super) fn in_schema(written: &str) -> String {
    format!("{QUALIFIER}{written}")
}

/// The name of an object in the schema as a string constant, in the normal form.
pub(super) fn own_constant(name: &str) -> String {
    plain_literal(&format!("{IN_CONSTANT}{}", ident(name)))
}

/// Whether a text in the normal form names the object `name` of the schema, or one whose
/// name begins so, also in a constant like `'acme.numbers'::regclass`.
pub(super) fn names(normal: &str, name: &str) -> bool {
    let ident = ident(name);
    [name, ident.as_str()].iter().any(|written| {
        normal.contains(&in_schema(written))
            || normal.contains(&format!("{IN_CONSTANT}{}", inside_literal(written)))
    })
}

/// Whether a text in the normal form names the schema, with something behind it.
pub(super) fn is_in_schema(normal: &str) -> bool {
    normal.contains([QUALIFIER, IN_CONSTANT])
}

/// A word in the normal form without the schema before it.
pub(super) fn without_mark(word: &str) -> &str {
    word.trim_start_matches([QUALIFIER, IN_CONSTANT])
}

/// What stands behind the schema's name, each time that a text names it.
pub(super) fn behind_schemas(normal: &str) -> impl Iterator<Item = &str> {
    normal.split([QUALIFIER, IN_CONSTANT]).skip(1)
}

/// The names that a text has behind the schema's, without quotes. An operator is none.
pub(super) fn named_in_schema(normal: &str) -> impl Iterator<Item = String> {
    behind_schemas(normal).filter_map(|behind| stored(&tokens(behind).next()?))
}

/// A definition with marks where the path that a function keeps names the schema `name`,
/// and nowhere else.
pub(super) fn with_path_to(definition: &str, name: &str) -> String {
    let mut in_path = false;
    let words = tokens(definition).map(|token| {
        in_path = is_in_path(in_path, &token);
        if in_path && is_string(token.kind) && value(&token) == name {
            CONSTANT.to_string()
        } else {
            token.text.to_owned()
        }
    });
    words.collect()
}

/// Whether the definition calls a function of the schema.
pub(super) fn calls_own(normal: &str) -> bool {
    behind_schemas(normal).any(|behind| {
        let mut tokens = tokens(behind);
        tokens.next().is_some_and(|name| name.is_name())
            && tokens.next().is_some_and(|next| next.text == "(")
    })
}

/// The schema itself, in the normal form.
pub(super) fn schema() -> String {
    ALONE.to_string()
}

/// A text in the normal form for people: names of the schema's own stand alone.
pub(super) fn displayed(normal: &str) -> String {
    normal
        .replace([QUALIFIER, IN_CONSTANT], "")
        .replace(CONSTANT, "the schema")
}

/// The types whose casts PostgreSQL moves about in a list of texts, in words.
const TEXTS: [&[&str]; 3] = [&["text"], &["character", "varying"], &["bpchar"]];

/// A definition without what differs once PostgreSQL has read its own text: from
/// `x IN ('a', 'b')` it makes a list with one cast behind it, and from that list
/// one with a cast at each element.
pub(super) fn without_casts(definition: &str) -> String {
    let tokens = tokens(definition).filter(|token| !token.is_trivia());
    let words = tokens.map(|token| token.text);
    let words = words.collect::<Vec<_>>();
    let mut rest = words.as_slice();
    let mut plain = Group::default();
    let mut open = Vec::new();
    while let Some((word, behind)) = rest.split_first() {
        if let Some(behind) = behind_cast(rest) {
            rest = behind;
            continue;
        }
        rest = behind;
        match (*word, open.pop()) {
            ("(", outer) => {
                open.extend(outer);
                open.push(std::mem::take(&mut plain));
            }
            (")", Some(outer)) => {
                let inner = std::mem::replace(&mut plain, outer);
                plain.close(inner);
            }
            (word, outer) => {
                open.extend(outer);
                plain.push(word);
            }
        }
    }
    // What was left open is no SQL; then nothing may be lost of it.
    open.push(plain);
    let texts = open.into_iter().map(|group| group.parts.join(" "));
    texts.collect::<Vec<_>>().join("(")
}

/// What stands behind a cast to texts, where `words` begin with one.
fn behind_cast<'a>(words: &'a [&'a str]) -> Option<&'a [&'a str]> {
    let colons = words
        .iter()
        .take_while(|word| word.starts_with(':'))
        .count();
    let (colons, kind) = words.split_at(colons);
    if colons.concat() != "::" {
        return None;
    }
    let mut texts = TEXTS.iter();
    let behind = texts.find_map(|text| kind.strip_prefix(*text))?;
    Some(behind.strip_prefix(&["[", "]"]).unwrap_or(behind))
}

/// What stands between two parentheses.
#[derive(Default)]
struct Group {
    parts: Vec<String>,
}

impl Group {
    fn push(&mut self, word: &str) {
        self.parts.push(word.to_owned());
    }

    /// Takes in what stood in parentheses, without them where they mean nothing:
    /// around a single thing that is no function's argument.
    fn close(&mut self, inner: Self) {
        let is_call = self.parts.last().is_some_and(|last| is_word(last));
        match inner.parts.as_slice() {
            [only] if only.starts_with('(') || !is_call => self.push(only),
            parts => self.push(&format!("({})", parts.join(" "))),
        }
    }
}

fn is_word(text: &str) -> bool {
    text.ends_with(|last: char| last.is_alphanumeric() || last == '_' || last == '"')
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(own: &Own, text: &str) -> (String, String) {
        let normal = own.normal(text);
        let shown = displayed(&normal);
        (shown, rendered(&normal, "beta"))
    }

    #[test]
    fn only_names_of_the_schema_itself_are_replaced() {
        let own = Own::new("a", "a");
        for (text, shown, there) in [
            (
                "CREATE INDEX i ON a.t USING btree (x)",
                "CREATE INDEX i ON t USING btree (x)",
                "CREATE INDEX i ON \"beta\".t USING btree (x)",
            ),
            ("data.f(x)", "data.f(x)", "data.f(x)"),
            ("'a.b'::text", "'a.b'::text", "'a.b'::text"),
            (
                "nextval('a.t_id_seq'::regclass)",
                "nextval('t_id_seq'::regclass)",
                "nextval('\"beta\".t_id_seq'::regclass)",
            ),
            (
                "'a.f(a.s, \"a.b\")'::regprocedure",
                "'f(s, \"a.b\")'::regprocedure",
                "'\"beta\".f(\"beta\".s, \"a.b\")'::regprocedure",
            ),
            ("a.a.a", "a.a", "\"beta\".a.a"),
            ("\"a\".t", "\"a\".t", "\"a\".t"),
        ] {
            let found = there_and_back(&own, text);
            assert_eq!(found, (shown.to_owned(), there.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_name_that_needs_quotes_is_found_in_them() {
        let own = Own::new("Acme", "\"Acme\"");
        assert_eq!(displayed(&own.normal("\"Acme\".t + acme.t")), "t + acme.t");
        let own = Own::new("a \"b\".c", "\"a \"\"b\"\".c\"");
        assert_eq!(
            displayed(&own.normal("\"a \"\"b\"\".c\".t + b.c")),
            "t + b.c"
        );
    }

    #[test]
    fn a_constant_names_a_schema_with_quotes_and_backslashes_as_any_other() {
        let plain = Own::new("acme", "acme");
        let odd = Own::new("o'n\\e", "\"o'n\\e\"");
        let of_plain = "nextval('acme.\"it''s\"'::regclass) || 'acme' || E'\\\\'";
        let of_odd = "nextval(E'\"o''n\\\\e\".\"it''s\"'::regclass) || 'acme' || E'\\\\'";
        let normal = plain.normal(of_plain);
        assert_eq!(normal, odd.normal(of_odd));
        assert_eq!(
            rendered(&normal, "o'n\\e"),
            "nextval('\"o''n\\e\".\"it''s\"'::regclass) || 'acme' || E'\\\\'"
        );
        let (_, there) = there_and_back(&odd, of_odd);
        assert_eq!(
            there,
            "nextval('\"beta\".\"it''s\"'::regclass) || 'acme' || E'\\\\'"
        );
        assert_eq!(own_constant("it's"), format!("'{IN_CONSTANT}\"it''s\"'"));
    }

    #[test]
    fn a_function_that_sets_the_path_sets_that_of_the_other_schema() {
        let own = Own::new("acme", "acme");
        let text =
            "CREATE FUNCTION acme.f()\n SET search_path TO 'acme', 'ext'\nAS $$SELECT 'acme'$$";
        let (_, there) = there_and_back(&own, text);
        assert_eq!(
            there,
            "CREATE FUNCTION \"beta\".f()\n SET search_path TO 'beta', 'ext'\nAS $$SELECT 'acme'$$"
        );
    }

    #[test]
    fn a_path_that_a_function_keeps_is_found_whatever_the_schema_is_called() {
        let text = r"SET search_path TO 'o''n\e', 'ext' AS $$SELECT 'o''n\e'$$";
        let there = rendered(&with_path_to(text, r"o'n\e"), "beta");
        let expected = r"SET search_path TO 'beta', 'ext' AS $$SELECT 'o''n\e'$$";
        assert_eq!(there, expected);
    }

    #[test]
    fn a_list_is_the_same_before_and_after_postgresql_has_read_its_own_text() {
        let first = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, \
                     'b'::character varying])::text[])))";
        let second = "CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text, \
                      ('b'::character varying)::text])))";
        assert_eq!(without_casts(first), without_casts(second));
    }

    #[test]
    fn parentheses_that_mean_something_count() {
        for (one, other) in [
            ("(a OR b) AND c", "a OR (b AND c)"),
            ("lower(x)", "lower x"),
            ("x = ANY (ARRAY['a'])", "x = ANY (ARRAY['b'])"),
            ("(x)::integer", "(x)::bigint"),
            ("x = '::text'", "x = ''"),
            ("x::text_id", "x::_id"),
        ] {
            assert_ne!(without_casts(one), without_casts(other), "{one}");
        }
    }
}
