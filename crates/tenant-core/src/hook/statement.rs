//! [`Bound`]: a statement with parameters in the place of its placeholders.

use sql_text::{Text, Token, TokenKind, tokens};

use super::error::{HookReason, listed};
use super::takes_values::takes_none;

/// What stands for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placeholder {
    Name,
    Schema,
    OldName,
    OldSchema,
}

impl Placeholder {
    const ALL: [Self; 4] = [Self::Name, Self::Schema, Self::OldName, Self::OldSchema];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Schema => "schema",
            Self::OldName => "old_name",
            Self::OldSchema => "old_schema",
        }
    }
}

/// A statement as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    /// With `$1`, `$2`, ...
    pub(crate) sql: String,
    /// What each of these is, in order.
    pub(crate) parameters: Vec<Placeholder>,
    /// Where each parameter ends in `sql`, and in the text as it was written.
    ends: Vec<(usize, usize)>,
}

impl Bound {
    /// Takes the placeholders of `statement`.
    ///
    /// # Errors
    ///
    /// Where, in bytes, and why it can't be sent.
    pub(super) fn new(
        statement: &str,
        allowed: &[Placeholder],
    ) -> Result<Self, (usize, HookReason)> {
        let all = tokens(statement).collect::<Vec<_>>();
        let mut bound = Self {
            sql: String::with_capacity(statement.len()),
            parameters: Vec::new(),
            ends: Vec::new(),
        };
        let mut rest = all.as_slice();
        while let Some((token, behind)) = rest.split_first() {
            refuse(token)?;
            refuse_spaces(rest, allowed)?;
            if let [open, word, close, after @ ..] = rest
                && let Some(name) = placeholder(open, word, close)
            {
                let found = allowed.iter().find(|one| one.name() == name);
                let Some(found) = found else {
                    let unknown = HookReason::Unknown(name.to_owned(), listed(allowed));
                    return Err((open.start, unknown));
                };
                let before = all.get(..all.len() - rest.len()).unwrap_or_default();
                let misplaced = misplaced(before, name, after.first());
                misplaced.map_or(Ok(()), |reason| Err((open.start, reason)))?;
                bound.push(*found, close.range().end);
                rest = rest.get(3..).unwrap_or_default();
                continue;
            }
            bound.sql.push_str(token.text);
            rest = behind;
        }
        Ok(bound)
    }

    fn push(&mut self, placeholder: Placeholder, end: usize) {
        let known = self.parameters.iter().position(|one| *one == placeholder);
        let number = known.unwrap_or_else(|| {
            self.parameters.push(placeholder);
            self.parameters.len() - 1
        });
        // Behind a letter or before a digit it would be something else.
        self.sql.push_str(&format!(" ${} ", number + 1));
        self.ends.push((self.sql.len(), end));
    }

    /// Where the byte `offset` of `sql` is in the text as it was written.
    pub(super) fn written_at(&self, offset: usize) -> usize {
        let before = self.ends.iter().rev().find(|(sent, _)| *sent <= offset);
        before.map_or(offset, |(sent, written)| written + (offset - sent))
    }
}

/// The word between two braces.
fn placeholder<'a>(open: &Token<'_>, word: &Token<'a>, close: &Token<'_>) -> Option<&'a str> {
    let is_one = open.kind == TokenKind::Symbol('{')
        && word.kind == TokenKind::Word
        && close.kind == TokenKind::Symbol('}');
    is_one.then_some(word.text)
}

/// Why a value cannot be between the tokens `before` and the one `after`.
fn misplaced(before: &[Token<'_>], name: &str, after: Option<&Token<'_>>) -> Option<HookReason> {
    let braced = format!("{{{name}}}");
    let is_dot = |token: &Token<'_>| token.kind == TokenKind::Symbol('.');
    if after.is_some_and(is_dot) || before.last().is_some_and(is_dot) {
        return Some(HookReason::NotAName(braced));
    }
    takes_none(before).map(|statement| HookReason::NoValues(braced, statement))
}

/// Refuses a placeholder with spaces between the braces, with which `rest` begins.
fn refuse_spaces(rest: &[Token<'_>], allowed: &[Placeholder]) -> Result<(), (usize, HookReason)> {
    let Some((open, behind)) = rest.split_first() else {
        return Ok(());
    };
    let inside = behind
        .iter()
        .take_while(|it| it.kind != TokenKind::Symbol('}'));
    let inside = inside.take(4).collect::<Vec<_>>();
    let word = inside.iter().find(|it| it.kind == TokenKind::Word);
    let is_spaced = open.kind == TokenKind::Symbol('{')
        && inside.len() > 1
        && inside
            .iter()
            .all(|it| matches!(it.kind, TokenKind::Word | TokenKind::Whitespace));
    match word.filter(|word| is_spaced && allowed.iter().any(|one| one.name() == word.text)) {
        Some(word) => Err((open.start, HookReason::Spaced(word.text.to_owned()))),
        None => Ok(()),
    }
}

/// Refuses a placeholder inside a text, and a parameter in the statement's own text.
fn refuse(token: &Token<'_>) -> Result<(), (usize, HookReason)> {
    let inside = match token.kind {
        TokenKind::Text(_) => "a string",
        TokenKind::QuotedName => "a quoted name",
        TokenKind::Parameter => {
            let reason = HookReason::Parameter(token.text.to_owned());
            return Err((token.start, reason));
        }
        _ => return Ok(()),
    };
    let braced = Placeholder::ALL.map(|one| format!("{{{}}}", one.name()));
    let found = braced
        .iter()
        .filter_map(|one| Some((token.text.find(one.as_str())?, one)));
    match (found.min(), token.kind) {
        (Some((at, one)), TokenKind::Text(Text::Dollar)) => {
            Err((token.start + at, HookReason::InBody(one.clone())))
        }
        (Some((at, one)), _) => Err((token.start + at, HookReason::Quoted(one.clone(), inside))),
        (None, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Placeholder; 2] = [Placeholder::Name, Placeholder::Schema];

    fn sent(statement: &str) -> String {
        Bound::new(statement, &BOTH).unwrap().sql
    }

    #[test]
    fn a_placeholder_is_a_parameter_and_the_same_one_has_one_number() {
        assert_eq!(
            sent("INSERT INTO o VALUES ({schema},{name}, {schema} || '_x')"),
            "INSERT INTO o VALUES ( $1 , $2 ,  $1  || '_x')"
        );
    }

    #[test]
    fn comments_are_left_alone_and_nothing_grows_together_with_a_parameter() {
        assert_eq!(
            sent("SELECT {name} -- {name}\n/* {schema} */"),
            "SELECT  $1  -- {name}\n/* {schema} */"
        );
        assert_eq!(sent("SELECT a{name}1"), "SELECT a $1 1");
    }

    #[test]
    fn inside_a_text_a_name_or_a_body_it_is_refused_where_it_is() {
        for (statement, at, inside) in [
            ("SELECT '{name}'", 8, "a string"),
            ("SELECT E'a{schema}'", 10, "a string"),
            ("CREATE TABLE \"t_{name}\" ()", 16, "a quoted name"),
        ] {
            let (offset, reason) = Bound::new(statement, &BOTH).unwrap_err();
            assert_eq!(offset, at, "{statement}");
            assert!(
                matches!(&reason, HookReason::Quoted(_, it) if *it == inside),
                "{reason}"
            );
        }
    }

    #[test]
    fn a_placeholder_that_cannot_be_a_value_is_refused_with_what_to_write_instead() {
        for (statement, at, instead) in [
            (
                "DO $$ BEGIN PERFORM {name}; END $$",
                20,
                "use current_schema()",
            ),
            ("CREATE TABLE {schema}.notes ()", 13, "omit the schema"),
            (
                "INSERT INTO {schema}.notes VALUES (1)",
                12,
                "omit the schema",
            ),
            (
                "SELECT * FROM public.{name}",
                21,
                "cannot be part of a name",
            ),
            (
                "/* a */ GRANT USAGE ON SCHEMA {schema} TO app",
                30,
                "takes no values in GRANT (",
            ),
            (
                "COMMENT ON SCHEMA s IS {name}",
                23,
                "takes no values in COMMENT ON (",
            ),
            (
                "CREATE VIEW v AS SELECT {name}",
                24,
                "takes no values in CREATE VIEW (",
            ),
            ("SELECT { name }", 7, "has spaces between its braces"),
            ("SELECT {schema }", 7, "has spaces between its braces"),
        ] {
            let (offset, reason) = Bound::new(statement, &BOTH).unwrap_err();
            assert_eq!(offset, at, "{statement}");
            assert!(reason.to_string().contains(instead), "{reason}");
        }
        for statement in [
            "CREATE TEMP TABLE one AS SELECT {name} AS name",
            "WITH one AS (SELECT {name}) SELECT * FROM one",
            "(SELECT {name}) UNION ALL SELECT {schema}",
        ] {
            assert!(Bound::new(statement, &BOTH).is_ok(), "{statement}");
        }
    }

    #[test]
    fn what_has_no_value_is_refused_and_what_has_is_listed() {
        let (_, reason) = Bound::new("SELECT {slug}", &BOTH).unwrap_err();
        assert_eq!(
            reason.to_string(),
            "`{slug}` is not a placeholder here (expected {name}, {schema})"
        );
        let (_, reason) = Bound::new("SELECT {old_name}", &BOTH).unwrap_err();
        assert_eq!(
            reason.to_string(),
            "`{old_name}` is not a placeholder here (expected {name}, {schema})"
        );
        let (_, reason) = Bound::new("SELECT $1", &BOTH).unwrap_err();
        assert!(matches!(reason, HookReason::Parameter(_)), "{reason}");
    }

    #[test]
    fn braces_that_are_no_placeholder_stay() {
        for statement in ["SELECT '{1,2}'::int[]", "SELECT '{\"name\": 1}'::jsonb"] {
            assert_eq!(sent(statement), statement);
        }
    }

    #[test]
    fn an_offset_in_what_is_sent_is_one_in_what_was_written() {
        let written = "SELECT {schema}, {name}, oops";
        let bound = Bound::new(written, &BOTH).unwrap();
        let at = bound.sql.find("oops").unwrap();
        assert_eq!(written.get(bound.written_at(at)..), Some("oops"));
    }
}
