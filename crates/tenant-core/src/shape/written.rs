//! What the migrations say of one object: the statements that make it, without a look at
//! the clock. What they have in them is no moment's.
//!
//! It is looked for object by object. That one table has `CHECK (year >= 2026)` says
//! nothing about the default of another one, which a block puts together of the year.

use std::collections::BTreeSet;

use sql_text::{Token, TokenKind, stored, tokens};

use super::object::{Aspect, ObjectKind, ObjectName};

/// The first words of statements that run what they contain at once.
const RUN_AT_ONCE: [&str; 6] = ["do", "select", "with", "call", "execute", "values"];

/// How many words can be before the name of a column in an action of `ALTER TABLE`.
const BEFORE_COLUMN: usize = 14;

/// One statement of the migrations.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// In small letters, without comments, and with what its strings hold.
    code: String,
    words: BTreeSet<String>,
    first: String,
    /// Whether it makes something of the time.
    asks_the_clock: bool,
    /// Where it is: a file and a line.
    at: String,
}

impl Written {
    /// The statement with this code, which `at` says the file and the line of.
    pub(crate) fn new(code: &str, asks_the_clock: bool, at: String) -> Self {
        let code = code.to_lowercase();
        let words = words(&code);
        let first = tokens(&code).find(|token| !token.is_trivia());
        let first = first.map_or_else(String::new, |token| token.text.to_owned());
        Self {
            words,
            first,
            asks_the_clock,
            at,
            code,
        }
    }

    fn has(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    fn runs_at_once(&self) -> bool {
        RUN_AT_ONCE.contains(&self.first.as_str())
    }

    fn makes_function(&self) -> bool {
        let mut words = tokens(&self.code).filter(|token| !token.is_trivia());
        let mut words = words.by_ref().take(4);
        self.first == "create" && words.any(|it| matches!(it.text, "function" | "procedure"))
    }
}

/// The words of a text, also those in its strings.
pub(super) fn words(code: &str) -> BTreeSet<String> {
    let open = code.replace('\'', " ");
    let words = tokens(&open).filter_map(|token| stored(&token));
    words.collect()
}

/// Where the one statement is that puts the names together which begin so, if it is one.
pub(super) fn place_of<'a>(statements: &'a [Written], begin: &str) -> Option<&'a str> {
    let begin = begin.to_lowercase();
    let mut found = statements
        .iter()
        .filter(|it| begin.len() > 1 && it.code.contains(&begin) && it.has("execute"));
    let one = found.next()?;
    found.next().is_none().then_some(one.at.as_str())
}

/// What the statements that make something say of it.
pub(super) fn about(statements: &[Written], name: &ObjectName, aspect: Option<Aspect>) -> String {
    let of = About::new(name, aspect);
    let mut code = String::new();
    for statement in statements {
        if of.may_be_made_by_clock(statement, statements) {
            code.clear();
        } else if of.is_made_without(statement) {
            of.clause(statement, &mut code);
            code.push(' ');
        }
    }
    code
}

/// Something of an object.
struct About {
    kind: ObjectKind,
    aspect: Option<Aspect>,
    name: String,
    table: Option<String>,
}

impl About {
    fn new(name: &ObjectName, aspect: Option<Aspect>) -> Self {
        let own = match name.kind {
            ObjectKind::Function => name.name.split('(').next().unwrap_or_default(),
            _ => &name.name,
        };
        Self {
            kind: name.kind,
            aspect,
            name: own.trim_matches('"').to_lowercase(),
            table: name.table.as_deref().map(str::to_lowercase),
        }
    }

    /// Whether the statement names it. PostgreSQL can have chosen the name of a constraint
    /// or an index.
    fn is_named_in(&self, has: impl Fn(&str) -> bool) -> bool {
        let has_table = || self.table.as_deref().is_some_and(&has);
        match self.kind {
            ObjectKind::Schema => false,
            ObjectKind::Column
            | ObjectKind::ViewColumn
            | ObjectKind::Trigger
            | ObjectKind::Policy
            | ObjectKind::Rule => has(&self.name) && has_table(),
            ObjectKind::Constraint | ObjectKind::Index | ObjectKind::Statistics => {
                has(&self.name) || has_table()
            }
            _ => has(&self.name),
        }
    }

    /// Whether the statement makes something by the clock that can be this.
    fn may_be_made_by_clock(&self, statement: &Written, all: &[Written]) -> bool {
        if statement.makes_function() || self.is_in_elements_of(statement) {
            return false;
        }
        let called = all
            .iter()
            .filter(|it| it.makes_function() && statement.runs_at_once())
            .filter(|it| is_called(it, statement));
        let called = called.collect::<Vec<_>>();
        let asks = statement.asks_the_clock || called.iter().any(|it| it.asks_the_clock);
        let has = |word: &str| statement.has(word) || called.iter().any(|it| it.has(word));
        asks && self.is_named_in(has) && self.keywords().iter().any(|word| has(word))
    }

    /// Words one of which a statement has that makes it.
    fn keywords(&self) -> &'static [&'static str] {
        match (self.aspect, self.kind) {
            (Some(Aspect::Comment), _) => &["comment"],
            (Some(Aspect::Default), ObjectKind::Column) => &["default"],
            (_, ObjectKind::Constraint) => &["constraint", "check", "exclude", "add"],
            (_, ObjectKind::Sequence) => &["sequence", "serial", "bigserial", "identity"],
            (_, ObjectKind::Function) => &["function", "procedure", "aggregate"],
            (_, ObjectKind::View | ObjectKind::MaterializedView) => &["view"],
            (_, ObjectKind::Index) => &["index"],
            (_, ObjectKind::Trigger) => &["trigger"],
            (_, ObjectKind::Policy) => &["policy"],
            (_, ObjectKind::Rule) => &["rule"],
            (_, ObjectKind::Statistics) => &["statistics"],
            (_, ObjectKind::Type) => &["type", "domain"],
            _ => &["table", "column"],
        }
    }

    /// Whether the statement makes it, and of nothing but what it has in it.
    fn is_made_without(&self, statement: &Written) -> bool {
        let is_named = self.is_named_in(|word| statement.has(word));
        let makes_function = statement.makes_function();
        match statement.first.as_str() {
            _ if !is_named => false,
            "create" if makes_function && self.kind == ObjectKind::Function => {
                self.aspect != Some(Aspect::Comment)
            }
            "create" if makes_function => !statement.asks_the_clock && statement.has("execute"),
            _ if self.is_in_elements_of(statement) => true,
            _ if statement.asks_the_clock => false,
            "comment" => matches!(self.aspect, Some(Aspect::Comment) | None),
            "create" | "alter" => self.aspect != Some(Aspect::Comment),
            _ => statement.runs_at_once(),
        }
    }

    /// Whether one of the parts of `CREATE TABLE` or `ALTER TABLE` can be about it.
    fn is_in_elements_of(&self, statement: &Written) -> bool {
        matches!(statement.first.as_str(), "create" | "alter")
            && !statement.makes_function()
            && matches!(self.kind, ObjectKind::Column | ObjectKind::Constraint)
            && self.aspect.is_some_and(|it| it != Aspect::Comment)
    }

    /// The part of the statement that is about it.
    fn clause(&self, statement: &Written, code: &mut String) {
        let is_of_table = self.is_in_elements_of(statement);
        match (self.kind, self.aspect) {
            (ObjectKind::Column, Some(aspect)) if is_of_table => {
                for element in elements(&statement.code) {
                    if !self.is_element(element) {
                        continue;
                    }
                    // The last one counts, and this one is of the moment.
                    if means_a_moment(element) {
                        code.clear();
                        continue;
                    }
                    code.push_str(match aspect {
                        Aspect::Default => default_of(element),
                        _ => element,
                    });
                    code.push(' ');
                }
            }
            (ObjectKind::Constraint, Some(_)) if is_of_table => {
                for element in elements(&statement.code) {
                    code.push_str(without_default(element));
                    code.push(' ');
                }
            }
            _ => code.push_str(&statement.code),
        }
    }

    /// Whether a part of `CREATE TABLE` or `ALTER TABLE` is about this column.
    fn is_element(&self, element: &str) -> bool {
        let words = tokens(element).filter(|token| !token.is_trivia());
        let words = words.take(BEFORE_COLUMN).collect::<Vec<_>>();
        let is_name = |token: &Token<'_>| stored(token).as_deref() == Some(&self.name);
        let is_before =
            |token: &Token<'_>| matches!(token.text, "add" | "alter" | "column" | "exists");
        words.first().is_some_and(is_name)
            || words.windows(2).any(|two| match two {
                [before, name] => is_before(before) && is_name(name),
                _ => false,
            })
    }
}

/// The constants that mean a moment when they are read.
const MOMENTS: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];

fn means_a_moment(element: &str) -> bool {
    MOMENTS
        .iter()
        .any(|it| element.contains(&format!("'{it}'")))
}

/// Whether a statement calls a function that another one makes.
fn is_called(function: &Written, statement: &Written) -> bool {
    let mut words = tokens(&function.code).filter(|token| !token.is_trivia());
    let is_keyword = |token: &Token<'_>| matches!(token.text, "function" | "procedure");
    let _ = words.by_ref().find(is_keyword);
    let name = words.take_while(|token| token.is_name() || token.text == ".");
    let name = name.last().and_then(|token| stored(&token));
    name.is_some_and(|name| statement.has(&name))
}

/// The parts of a statement between commas: those in its first parentheses, if it creates
/// something.
fn elements(code: &str) -> Vec<&str> {
    let is_create = code.trim_start().starts_with("create");
    let wanted = usize::from(is_create);
    let (mut depth, mut start, mut elements) = (0_usize, 0, Vec::new());
    for token in tokens(code) {
        let range = token.range();
        match token.kind {
            TokenKind::Symbol('(') => {
                depth += 1;
                if is_create && depth == 1 {
                    start = range.end;
                }
            }
            TokenKind::Symbol(')') => {
                if is_create && depth == 1 {
                    elements.extend(code.get(start..range.start));
                    start = range.end;
                }
                depth = depth.saturating_sub(1);
            }
            TokenKind::Symbol(',') if depth == wanted => {
                elements.extend(code.get(start..range.start));
                start = range.end;
            }
            _ => {}
        }
    }
    elements.extend(code.get(start..));
    elements
}

/// The words that end the default in the definition of a column.
const BEHIND_DEFAULT: [&str; 9] = [
    "check",
    "collate",
    "constraint",
    "generated",
    "not",
    "null",
    "primary",
    "references",
    "unique",
];

/// The default of a column's definition.
fn default_of(element: &str) -> &str {
    let Some((start, end)) = default_in(element) else {
        return "";
    };
    element.get(start..end).unwrap_or_default()
}

/// What is in a column's definition before and behind its default; before, if that is all.
fn without_default(element: &str) -> &str {
    match default_in(element) {
        Some((start, end)) if end == element.len() => element.get(..start).unwrap_or_default(),
        Some((_, end)) => element.get(end..).unwrap_or_default(),
        None => element,
    }
}

fn default_in(element: &str) -> Option<(usize, usize)> {
    let mut depth = 0_usize;
    let mut start = None;
    for token in tokens(element).filter(|token| !token.is_trivia()) {
        match (token.kind, token.text) {
            (TokenKind::Symbol('('), _) => depth += 1,
            (TokenKind::Symbol(')'), _) => depth = depth.saturating_sub(1),
            (_, "default") if depth == 0 && start.is_none() => start = Some(token.range().end),
            (_, word) if depth == 0 && BEHIND_DEFAULT.contains(&word) => {
                if let Some(start) = start {
                    return Some((start, token.range().start));
                }
            }
            _ => {}
        }
    }
    start.map(|start| (start, element.len()))
}

#[cfg(test)]
mod tests;
