//! What is another text each time that the migrations run: a moment, a random number.
//!
//! A mark takes the place of a constant that varies, or of a whole text of which nothing
//! is known. What stands there in a schema is not compared, and never written.

use std::borrow::Cow;
use std::sync::Arc;

use sql_text::{Text, Token, TokenKind, tokens};

use super::moment::{Here, Moments};
use super::name_form::{NameForm, Part};
use super::object::{Aspect, ObjectName};
use super::of_role::{self, Asked, ROLE};
use super::written::Written;
use crate::name::REHEARSAL_PREFIX;

/// Stands for what varies. Unicode sets this character apart for what a program does
/// inside itself.
///
/// Source: Unicode Standard, "Noncharacters".
const VARYING: char = '\u{fddf}';

/// How many digits of the name of a made-up database are not there by accident.
const TELLING: usize = 4;

/// How many of its letters are left of it at least where a name is recognized that is cut.
const CUT: usize = 5;

/// The constants that are taken for varying although two runs gave the same: those of
/// the day, and those of the role.
#[derive(Debug, Clone, Default)]
pub(crate) struct Circumstances {
    /// Dates in ISO form that a migration of this moment may have written.
    pub(crate) days: Vec<String>,
    /// The role, where migrations ask who it is.
    pub(crate) role: Option<Asked>,
    /// The made-up name of the database that migrations were tried in, if it was one.
    pub(crate) place: Option<String>,
    /// The years and months near this moment, where migrations make something of them.
    pub(crate) moments: Moments,
    /// The statements of the migrations.
    pub(crate) written: Arc<[Written]>,
}

impl Circumstances {
    /// Sooner than the constants of a text tell.
    fn may_be_in(&self, text: &str) -> bool {
        let words = self.days.iter().map(String::as_str);
        let mut words = words.chain(self.place.as_deref().map(telling));
        let role = self.role.as_ref();
        words.any(|word| text.contains(word)) || role.is_some_and(|it| it.may_be_in(text))
    }

    /// The form of a name that has the name of the database in it, whole or as much of it as
    /// PostgreSQL keeps.
    pub(super) fn form_of_place(&self, name: &str) -> Option<NameForm> {
        let place = self.place.as_deref()?;
        let at = name.find(telling(place)).or_else(|| {
            // Of a name that is too long, PostgreSQL keeps a part.
            let is_cut = name.len() + 1 >= sql_text::MAX_NAME;
            name.find(place.get(..CUT)?).filter(|_| is_cut)
        })?;
        let rest = name.get(at..)?.chars();
        let same = rest
            .zip(place.chars())
            .take_while(|(one, other)| one == other);
        let len = same.count();
        let exact = |text: &str| Part::Exact(text.to_owned());
        let behind = name.get(at + len..).unwrap_or_default();
        let parts = [
            exact(name.get(..at)?),
            Part::AnySigns(1, sql_text::MAX_NAME),
            exact(behind),
        ];
        Some(NameForm(parts.to_vec()))
    }

    /// What of the moment is in an object, or in one aspect of it.
    pub(super) fn here<'a>(&'a self, of: (&'a ObjectName, Option<Aspect>)) -> Here<'a> {
        Here::new(&self.moments, &self.written, of)
    }

    /// Whether a string constant, with its quotes, is one of theirs. A day that is
    /// written down there is no moment's.
    fn have(&self, constant: &str, here: &Here<'_>) -> bool {
        let Some((_, inside)) = constant.split_once('\'') else {
            return false;
        };
        let mut days = self.days.iter();
        let is_day = days.any(|day| inside.starts_with(day.as_str()) && !here.is_written(day));
        let role = self.role.as_ref();
        let place = self.place.as_deref();
        if place.is_some_and(|place| inside.contains(telling(place))) {
            return true;
        }
        is_day || role.is_some_and(|role| role.is_in_constant(constant))
    }
}

/// As much of the name of a made-up database as is nowhere by accident.
fn telling(place: &str) -> &str {
    let end = REHEARSAL_PREFIX.len() + TELLING;
    place.get(..end).unwrap_or(place)
}

/// The text of which nothing is known.
pub(super) fn anything() -> String {
    VARYING.to_string()
}

/// Whether something in it varies.
pub(super) fn varies(text: &str) -> bool {
    text.contains([VARYING, ROLE])
}

/// Whether it varies in more than the role that has run the migrations.
pub(super) fn is_unknown(text: &str) -> bool {
    text.contains(VARYING)
}

/// A text in which something varies, for people.
pub(super) fn displayed(text: &str) -> Cow<'_, str> {
    if varies(text) {
        Cow::Owned(text.replace([VARYING, ROLE], "..."))
    } else {
        Cow::Borrowed(text)
    }
}

/// `template` with a mark for each constant that is another one in `other` than in
/// `filled`, which is what the template gives there; for all of it where these two differ
/// in more than that.
pub(super) fn common(template: &str, filled: &str, other: &str) -> String {
    let (places, ones, others) = (
        significant(template),
        significant(filled),
        significant(other),
    );
    let is_alike = |(one, other): (&Token<'_>, &Token<'_>)| {
        one.text == other.text || is_constant(one) && is_constant(other)
    };
    let is_aligned = places.len() == ones.len() && ones.len() == others.len();
    if !is_aligned || !ones.iter().zip(&others).all(is_alike) {
        return anything();
    }
    let pairs = ones.iter().zip(&others);
    let mut differing = pairs.map(|(one, other)| one.text != other.text);
    marked(template, |_| differing.next().unwrap_or_default())
}

/// `text` with a mark for each constant of these circumstances.
pub(super) fn of_the_moment(
    text: &str,
    circumstances: &Circumstances,
    of: (&ObjectName, Aspect),
) -> String {
    let here = circumstances.here((of.0, Some(of.1)));
    let has_one = |token: &Token<'_>| is_constant(token) && circumstances.have(token.text, &here);
    let text = if circumstances.may_be_in(text) && tokens(text).any(|token| has_one(&token)) {
        marked(text, has_one)
    } else {
        text.to_owned()
    };
    // In a comment or a function's body there are no constants.
    let place = circumstances.place.as_deref();
    if place.is_some() && text.contains(REHEARSAL_PREFIX) {
        return anything();
    }
    let text = match &circumstances.role {
        Some(role) => role.marked(&text),
        None => text,
    };
    of_the_period(text, &here, &circumstances.moments)
}

/// `text` with a mark for each constant with a year or a month in it that is the moment's; a
/// text of which nothing is known where such a one stands elsewhere.
fn of_the_period(text: String, here: &Here<'_>, moments: &Moments) -> String {
    if !here.stand_in(&text) {
        return text;
    }
    let is_of_them = |token: &Token<'_>| match token.kind {
        TokenKind::Text(Text::Dollar) => false,
        TokenKind::Text(_) => {
            let inside = token.text.split_once('\'').map_or("", |(_, inside)| inside);
            here.stand_in(inside.trim_end_matches('\''))
        }
        _ => false,
    };
    let blank = |token: Token<'_>| match token.kind {
        TokenKind::Text(Text::Dollar) if !moments.have_body(body(token.text)) => {
            token.text.to_owned()
        }
        TokenKind::Text(_) => " ".repeat(token.text.len()),
        _ => token.text.to_owned(),
    };
    let rest = tokens(&text).map(blank).collect::<String>();
    let numbers = tokens(&text).filter(|token| token.kind == TokenKind::Number);
    let numbers = numbers.map(|token| token.range()).collect::<Vec<_>>();
    let mut places = here.places(&rest).collect::<Vec<_>>();
    if places.iter().any(|place| !numbers.contains(place)) {
        return anything();
    }
    places.dedup();
    marked(&text, |token| {
        is_of_them(token) || places.contains(&token.range())
    })
}

/// What stands between the marks of a dollar-quoted constant.
pub(super) fn body(constant: &str) -> &str {
    let mark = constant.split_inclusive('$').take(2).map(str::len).sum();
    let end = constant.len().saturating_sub(mark);
    constant.get(mark..end).unwrap_or_default()
}

fn marked(text: &str, mut is_marked: impl FnMut(&Token<'_>) -> bool) -> String {
    let mut marked = String::with_capacity(text.len());
    for token in tokens(text) {
        if !token.is_trivia() && is_marked(&token) {
            marked.push(VARYING);
        } else {
            marked.push_str(token.text);
        }
    }
    marked
}

/// Whether `text` is what `pattern` says, with any constant where it has a mark.
pub(super) fn fits(pattern: &str, text: Option<&str>) -> bool {
    if pattern == anything() {
        return true;
    }
    let Some(text) = text else {
        return false;
    };
    if pattern.contains(ROLE) && of_role::fits(pattern, text) {
        return true;
    }
    let (pattern, text) = (significant(pattern), significant(text));
    let fits = |(wanted, token): (&Token<'_>, &Token<'_>)| {
        wanted.text == token.text
            || wanted.kind == TokenKind::Symbol(VARYING) && is_constant(token)
            || wanted.text == anything() && is_constant(token)
            || wanted.text.contains(ROLE) && of_role::fits(wanted.text, token.text)
    };
    pattern.len() == text.len() && pattern.iter().zip(&text).all(fits)
}

fn significant(text: &str) -> Vec<Token<'_>> {
    tokens(text).filter(|token| !token.is_trivia()).collect()
}

fn is_constant(token: &Token<'_>) -> bool {
    let is_text = matches!(token.kind, TokenKind::Text(Text::Plain | Text::Escaped));
    is_text || token.kind == TokenKind::Number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_that_differs_may_be_any_and_the_rest_may_not() {
        let one = "'2026-11-30 03:00:00.1'::timestamp without time zone";
        let other = "'2026-11-30 03:00:00.7'::timestamp without time zone";
        let pattern = common(one, one, other);
        let earlier = "'2025-01-01 00:00:00'::timestamp without time zone";
        assert!(fits(&pattern, Some(earlier)));
        assert!(!fits(&pattern, Some("'2025-01-01'::date")));
        assert!(!fits(&pattern, None));
    }

    #[test]
    fn of_texts_that_differ_in_more_than_constants_nothing_is_known() {
        let one = "CHECK (a > 1)";
        let pattern = common(one, one, "CHECK ((a > 1) AND (b > 2))");
        assert!(fits(&pattern, Some("CHECK (c)")) && fits(&pattern, None));
    }

    fn table() -> ObjectName {
        ObjectName {
            kind: crate::shape::object::ObjectKind::Table,
            table: None,
            name: "t".to_owned(),
        }
    }

    #[test]
    fn a_year_that_no_migration_has_in_it_may_be_another() {
        let days = ["2026-11-30".to_owned()];
        let body = "$$ BEGIN RETURN 'seen in 2026'; END $$";
        let circumstances = Circumstances {
            moments: Moments::near(&days, body),
            ..Circumstances::default()
        };
        let name = table();
        let of = |text: &str| of_the_moment(text, &circumstances, (&name, Aspect::Definition));
        assert!(fits(&of("'inv-2026'::text"), Some("'inv-2025'::text")));
        assert!(fits(&of("(2026 + 1)"), Some("(2024 + 1)")));
        assert!(fits(
            &of("nextval('inv_2026'::regclass)"),
            Some("nextval('inv_2025'::regclass)")
        ));
        assert_eq!(of("REFERENCES sales_2026(id)"), anything());
        assert_eq!(of("made in 2026-11"), anything());
        assert_eq!(of("AS $$ SELECT 2026 $$"), anything());
        for text in [body, "CHECK (a > 1999)", "'x'::text"] {
            assert_eq!(of(text), text);
        }
    }

    #[test]
    fn a_constant_of_the_day_may_be_that_of_another_day() {
        let circumstances = Circumstances {
            days: vec!["2026-11-30".to_owned()],
            role: Some(Asked::new("ops".to_owned(), "")),
            place: None,
            moments: Moments::default(),
            written: Arc::default(),
        };
        let name = table();
        let of = |text: &str| of_the_moment(text, &circumstances, (&name, Aspect::Definition));
        let pattern = of("CHECK ((born < '2026-11-30'::date))");
        assert!(fits(&pattern, Some("CHECK ((born < '2024-02-29'::date))")));
        assert!(!fits(&pattern, Some("CHECK ((died < '2024-02-29'::date))")));
        let pattern = of("'ops'::text");
        assert!(fits(&pattern, Some("'app'::text")));
        let other = "CHECK ((born < '2020-01-01'::date))";
        assert_eq!(of(other), other);
    }
}
