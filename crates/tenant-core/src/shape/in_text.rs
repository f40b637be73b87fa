//! Where a schema's name stands in a text: in a trigger's argument, a default, the body of
//! a function. Such a text does not follow the schema, and in a copy it leads to the
//! original.

use std::collections::{BTreeMap, BTreeSet};

use sql_text::{Text, Token, TokenKind, tokens};

use super::Shape;
use super::encoded::Encoded;
use super::expectation::Expectation;
use super::forms::quoted;
use super::normal::{Own, in_schema};
use super::object::{Aspect, Object, ObjectKind, ObjectName};
use super::renamed::base;
use super::varying::varies;

/// A place where the name stands. `Display` is in words: ``default of column `tasks.of` ``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    name: ObjectName,
    pub(crate) words: String,
}

impl Place {
    /// An object that depends on the schema's name in an unknown form.
    pub(crate) fn of_hidden(name: ObjectName) -> Self {
        let words = name.to_string();
        Self { name, words }
    }

    /// Whether it is in this object.
    pub(crate) fn is_of(&self, object: &ObjectName) -> bool {
        self.name == *object
    }

    /// Whether it is in this function of the schema `schema`, which is written as
    /// PostgreSQL does it: `acme.f(id integer)`.
    pub(crate) fn is_in_function(&self, function: &str, schema: &str) -> bool {
        let own = Own::new(schema, quoted(schema));
        self.name.kind == ObjectKind::Function && own.normal(function) == in_schema(&self.name.name)
    }
}

/// What becomes of objects whose own name has the schema's name in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// They are called after the new name, where nothing else stands on what they are
    /// called.
    Follow,
    /// They stay as they are.
    Stay,
}

impl Shape {
    /// The same of a schema that is called `to` instead of `from`: where migrations are
    /// known to have written the one, the other one stands.
    pub(crate) fn called(
        &self,
        (from, to): (&str, &str),
        expectation: &Expectation,
        named: Named,
    ) -> Self {
        let (old, new) = (expectation.of(from), expectation.of(to));
        let counterparts = expectation.counterparts(from, to);
        let counterparts = counterparts.into_iter().collect::<BTreeMap<_, _>>();
        let before = expectation.names_before(from, to);
        let mut shape = Self::new(self.own.clone(), self.owner.clone());
        for (name, object) in &self.objects {
            let target = match counterparts.get(name) {
                None => name,
                // That of a table that stays is renamed with the table, later.
                Some(other)
                    if named == Named::Follow
                        && can_follow(name.kind)
                        && name.table == other.table =>
                {
                    other
                }
                Some(_) => {
                    shape.insert(name.clone(), object.clone());
                    continue;
                }
            };
            let was = match before.get(name) {
                None => old.get(name).cloned(),
                Some(before) => old.get(before).map(|was| called_now(was, before, name)),
            };
            let mut object = match (was, new.get(target)) {
                (Some(was), Some(will)) => following(object, &was, will),
                _ => object.clone(),
            };
            if let Some(definition) = object.facts.get_mut(&Aspect::Definition)
                && target != name
            {
                *definition = renamed(definition, &name.name, &target.name);
            }
            shape.insert(target.clone(), object);
        }
        shape
    }

    /// Where `name` stands in a text, as it is or in a usual encoding, unless `expected` has
    /// that text as well.
    pub(crate) fn places_of(&self, name: &str, expected: Option<&Self>) -> Vec<Place> {
        let encoded = Encoded::of([name]);
        self.places_with(expected, |fact| {
            stands_in(fact, name) || any_constant(fact, |text| encoded.stand_in(text))
        })
    }

    /// Where one of these numbers stands in a text, unless `expected` has that text as well.
    pub(crate) fn places_of_numbers(
        &self,
        numbers: &BTreeSet<String>,
        expected: Option<&Self>,
    ) -> Vec<Place> {
        let is_one = |word: &str| numbers.contains(word);
        let mut places = self.places_with(expected, |fact| {
            fact.split(|one| !is_letter(one)).any(is_one)
                && tokens(fact).any(|token| match token.kind {
                    TokenKind::Number => is_one(token.text),
                    _ => content(&token)
                        .is_some_and(|text| text.split(|one| !is_letter(one)).any(is_one)),
                })
        });
        for place in &mut places {
            place.words.push_str(" (as the number of an object)");
        }
        places
    }

    /// The definitions with something in them, unless `expected` has them as well.
    fn places_with(&self, expected: Option<&Self>, has: impl Fn(&str) -> bool) -> Vec<Place> {
        let facts = self.objects.iter().flat_map(|(object, known)| {
            let facts = known.facts.iter();
            facts.map(move |(aspect, fact)| (object, *aspect, fact.as_str()))
        });
        let told = facts.filter(|(object, aspect, fact)| {
            let known = expected.and_then(|expected| expected.get(object));
            let is_known = known.and_then(|known| known.fact(*aspect)) == Some(*fact);
            aspect.is_sql() && !is_known && has(fact)
        });
        let places = told.map(|(object, aspect, _)| Place {
            name: object.clone(),
            words: format!("{} of {object}", aspect.words()),
        });
        places.collect()
    }

    /// The objects that are called after the schema `from`, and have not followed to the
    /// name `to`.
    pub(crate) fn called_after(
        &self,
        (from, to): (&str, &str),
        expectation: &Expectation,
    ) -> Vec<Place> {
        let pairs = expectation.counterparts(from, to).into_iter();
        let stay = pairs.filter(|(old, new)| old.name != new.name && self.has(old));
        let places = stay.map(|(name, _)| Place {
            words: name.to_string(),
            name,
        });
        places.collect()
    }
}

/// Whether nothing stands on what an object of this kind is called: no row, and no text.
pub(super) fn can_follow(kind: ObjectKind) -> bool {
    kind.is_named_alone() || kind == ObjectKind::Statistics
}

/// The object with what `will` has where it is as `was` is.
fn following(object: &Object, was: &Object, will: &Object) -> Object {
    let mut object = object.clone();
    for (aspect, fact) in &mut object.facts {
        if was.fact(*aspect) == Some(fact)
            && let Some(other) = will.fact(*aspect)
            && !varies(other)
        {
            other.clone_into(fact);
        }
    }
    object
}

/// The object, which was called `before` and is called `now`.
fn called_now(object: &Object, before: &ObjectName, now: &ObjectName) -> Object {
    let mut object = object.clone();
    for definition in object.facts.values_mut() {
        *definition = renamed(definition, &base(before), &base(now));
        if let (Some(before), Some(now)) = (&before.table, &now.table) {
            *definition = renamed(definition, before, now);
        }
    }
    object
}

/// The definition of an object that is called `to` instead of `from`.
fn renamed(definition: &str, from: &str, to: &str) -> String {
    let words = tokens(definition).map(|token| {
        // The schema's mark stands before a name like a letter of it.
        let bare = token.text.trim_start_matches(is_mark);
        let is_marked = bare.len() < token.text.len() && token.kind == TokenKind::Word;
        if sql_text::stored(&token).as_deref() == Some(from) {
            quoted(to)
        } else if is_marked && bare == from {
            token.text.replace(bare, &quoted(to))
        } else {
            token.text.to_owned()
        }
    });
    words.collect()
}

/// Whether a character is one of those that Unicode leaves to programs, which stand for a
/// schema in the normal form.
fn is_mark(one: char) -> bool {
    ('\u{fdd0}'..='\u{fdef}').contains(&one)
}

/// Whether the name stands in a string constant of the definition.
fn stands_in(definition: &str, name: &str) -> bool {
    may_hold(definition, name) && tokens(definition).any(|token| means(&token, name))
}

/// Whether a token is a string constant that means the schema.
fn means(token: &Token<'_>, name: &str) -> bool {
    content(token).is_some_and(|text| {
        // In the body of a function, a word in double quotes is any identifier.
        let is_body = token.kind == TokenKind::Text(Text::Dollar)
            && !text.trim_start().starts_with(['{', '[']);
        is_named_in(&text, name) || !is_body && is_in_double_quotes(&text, name)
    })
}

/// Whether the name stands in double quotes, as it does in JSON.
fn is_in_double_quotes(text: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    text.to_lowercase().split('"').any(|part| part == name)
}

fn may_hold(text: &str, name: &str) -> bool {
    text.to_lowercase().contains(&name.to_lowercase())
}

/// Whether a string constant of the definition is such a text.
fn any_constant(definition: &str, is_such: impl Fn(&str) -> bool) -> bool {
    tokens(definition).any(|token| content(&token).is_some_and(|text| is_such(&text)))
}

/// What a string constant holds.
fn content(token: &Token<'_>) -> Option<String> {
    let TokenKind::Text(kind) = token.kind else {
        return None;
    };
    let mark = match kind {
        Text::Bits => return None,
        Text::Dollar => token.text.split_inclusive('$').take(2).map(str::len).sum(),
        _ => token.text.find('\'')? + 1,
    };
    let end = token.text.len().checked_sub(match kind {
        Text::Dollar => mark,
        _ => 1,
    })?;
    let inner = token.text.get(mark..end)?;
    Some(match kind {
        Text::Dollar => inner.to_owned(),
        _ => inner.replace("''", "'"),
    })
}

/// Whether a text means the schema: it is its name, it names something in it, or sets a
/// path to it, also in a constant within it.
fn is_named_in(text: &str, name: &str) -> bool {
    if !may_hold(text, name) {
        return false;
    }
    let bare = text.trim().trim_matches('"');
    let lower = text.to_lowercase();
    bare.to_lowercase() == name.to_lowercase()
        || mentions(&lower, &name.to_lowercase(), Behind::Dot)
        || lower.contains("search_path") && mentions(&lower, &name.to_lowercase(), Behind::NoLetter)
        || tokens(text).any(|token| means(&token, name))
}

/// What has to stand behind the name.
#[derive(Clone, Copy)]
enum Behind {
    /// A dot, and no space behind that: that would end a sentence.
    Dot,
    /// Nothing that would make the name longer.
    NoLetter,
}

fn mentions(text: &str, name: &str, behind: Behind) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).unwrap_or_default();
        let is_whole = !before.is_some_and(is_letter);
        is_whole
            && match behind {
                Behind::NoLetter => !after.starts_with(is_letter),
                Behind::Dot => {
                    let after = after.strip_prefix('"').unwrap_or(after);
                    let rest = after.strip_prefix('.');
                    rest.is_some_and(|rest| !rest.starts_with(char::is_whitespace))
                }
            }
    })
}

fn is_letter(one: char) -> bool {
    one.is_alphanumeric() || matches!(one, '_' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_to_the_schema_is_found() {
        for text in [
            "'acme'::text",
            "'ACME'",
            "EXECUTE FUNCTION keep('acme.tasks_log')",
            "f('\"acme\".tasks')",
            "'INSERT INTO acme.log VALUES (1)'",
            "AS $function$ BEGIN EXECUTE 'SELECT ''acme'''; END $function$",
            "AS $$ SELECT count(*) FROM acme.tasks $$",
            "AS $$ SET search_path TO public, acme; $$",
            "'acme.' || x",
            r#"EXECUTE FUNCTION keep('{"schema": "acme"}')"#,
            r#"AS $$ SELECT '["Acme"]'::json $$"#,
            r#"AS $$ SELECT $j${"schema":"acme"}$j$::json $$"#,
        ] {
            assert!(stands_in(text, "acme"), "{text}");
        }
    }

    #[test]
    fn a_word_that_is_no_schema_is_not() {
        for text in [
            "'acme_2.tasks'",
            "'not_acme.tasks'",
            "'We are acme. We deliver.'",
            "'acmes'",
            "AS $$ -- what acme wanted\nSELECT 1 $$",
            "tasks.acme",
            "B'01'",
            r#"'{"schema": "acme_2"}'"#,
            r#"AS $$ SELECT "acme" FROM tasks $$"#,
        ] {
            assert!(!stands_in(text, "acme"), "{text}");
        }
    }
}
