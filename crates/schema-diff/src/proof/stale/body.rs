//! The names in the body of a function, those in its strings included.

use sql_text::{Lines, Telling, TokenKind, stored};

/// The body of a function.
pub(super) struct Body {
    text: String,
    pub(super) words: Vec<Word>,
}

/// A name in a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As PostgreSQL stores it.
    pub(super) name: String,
    /// What stands in front of it, with a dot between.
    pub(super) qualifier: Option<String>,
    /// Where it begins, in bytes.
    pub(super) offset: usize,
}

/// What a string begins with that is SQL, or a piece of it.
const SQL: &[&str] = &[
    "alter",
    "and",
    "copy",
    "create",
    "delete",
    "drop",
    "from",
    "group",
    "insert",
    "join",
    "lock",
    "merge",
    "on",
    "or",
    "order",
    "returning",
    "select",
    "set",
    "truncate",
    "update",
    "values",
    "where",
    "with",
];

/// How many strings can be inside each other.
const DEPTH: usize = 4;

impl Body {
    /// What the body names.
    pub(super) fn read(text: &str) -> Self {
        let mut words = Vec::new();
        read(text, 0, DEPTH, &mut words);
        Self {
            text: text.to_owned(),
            words,
        }
    }

    /// The names among the arguments of a trigger, of which `definition` is the text.
    pub(super) fn arguments(definition: &str) -> Self {
        let telling = Telling::of(definition);
        let strings = (0..telling.len()).filter_map(|place| telling.string(place));
        let words = strings.map(|name| Word {
            name,
            qualifier: None,
            offset: 0,
        });
        Self {
            text: definition.to_owned(),
            words: words.collect(),
        }
    }

    /// The number of the line at `offset`, as PostgreSQL counts, and what it says.
    pub(super) fn line(&self, offset: usize) -> (usize, &str) {
        let line = Lines::of(&self.text).line(offset);
        let text = self.text.lines().nth(line);
        (line + 1, text.unwrap_or_default().trim())
    }
}

impl Word {
    /// Whether it is this name, and nothing says that it is a part of something.
    pub(super) fn is_bare(&self, name: &str) -> bool {
        self.name == name && self.qualifier.is_none()
    }
}

fn read(text: &str, begin: usize, depth: usize, words: &mut Vec<Word>) {
    let telling = Telling::of(text);
    for place in 0..telling.len() {
        let Some(token) = telling.get(place) else {
            continue;
        };
        if let TokenKind::Text(_) = token.kind {
            let inner = inner(token.text);
            let offset = begin + token.start + token.text.find(inner).unwrap_or(0);
            if depth > 0 && is_sql(inner) {
                read(inner, offset, depth - 1, words);
            }
        } else if let Some(name) = stored(&token) {
            let is_part = telling.is_symbol_before(place, 1, '.');
            let before = place.checked_sub(2).filter(|_| is_part);
            words.push(Word {
                name,
                qualifier: before.and_then(|before| telling.name(before)),
                offset: begin + token.start,
            });
        }
    }
}

/// What stands between the quotes of a string constant.
fn inner(text: &str) -> &str {
    let tag = text.strip_prefix('$').and_then(|rest| rest.find('$'));
    if tag.is_none()
        && let Some((_, rest)) = text.split_once('\'')
    {
        return rest.strip_suffix('\'').unwrap_or(rest);
    }
    let inside = tag.and_then(|tag| text.get(tag + 2..text.len().checked_sub(tag + 2)?));
    inside.unwrap_or(text)
}

/// Whether a string can be meant for PostgreSQL, and not for people: a single name, or
/// something that begins as SQL does.
fn is_sql(text: &str) -> bool {
    let telling = Telling::of(text);
    let first = telling.word(0).unwrap_or_default();
    telling.len() == 1 || SQL.contains(&first.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let words = Body::read(text).words.into_iter();
        let names = words.map(|word| match word.qualifier {
            Some(qualifier) => format!("{qualifier}.{}", word.name),
            None => word.name,
        });
        names.collect()
    }

    #[test]
    fn names_are_found_in_code_and_in_dynamic_sql_and_not_in_comments_and_messages() {
        for (text, found) in [
            (
                "NEW.Title -- title\n /* title */",
                &["new", "new.title"][..],
            ),
            ("to_jsonb(x) ->> 'title'", &["to_jsonb", "x", "title"]),
            ("RAISE 'the title is too long'", &["raise"]),
            (
                "EXECUTE 'SELECT \"Title\" FROM t' || ' WHERE a = ''cc'''",
                &[
                    "execute", "select", "Title", "from", "t", "where", "a", "cc",
                ],
            ),
            (
                "EXECUTE $q$DELETE FROM t$q$ USING b",
                &["execute", "delete", "from", "t", "using", "b"],
            ),
        ] {
            assert_eq!(names(text), found, "{text}");
        }
    }

    #[test]
    fn lines_are_counted_as_postgresql_does() {
        let body = Body::read("\nBEGIN\n  EXECUTE $q$SELECT\n  title$q$;\nEND");
        let title = body.words.iter().find(|word| word.name == "title").unwrap();
        assert_eq!(body.line(title.offset), (4, "title$q$;"));
    }
}
