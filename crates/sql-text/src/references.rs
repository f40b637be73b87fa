//! The objects that the body of a function names without their schema, and which it
//! therefore finds through `search_path`.
//!
//! The body is read token by token. The words around a word decide what it stands for, so that a
//! column with the name of a table is not taken for the table. The caller knows the existing
//! objects and compares: a keyword in front of a parenthesis looks like a function.

use std::collections::HashSet;

use crate::name::stored;
use crate::telling::Telling;
use crate::token::{Text, Token, TokenKind, tokens};

/// What a name in a body stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Referred {
    /// A function that is called.
    Function,
    /// A table, a view or a sequence.
    Relation,
    /// A type.
    Type,
}

/// A name without a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// As PostgreSQL stores it.
    pub name: String,
    /// What it stands for.
    pub kind: Referred,
}

/// Functions whose first argument is the name of a relation in a string.
const BY_NAME: &[&str] = &[
    "currval",
    "nextval",
    "pg_get_serial_sequence",
    "setval",
    "to_regclass",
];

/// Functions in whose arguments `FROM` comes before no relation.
const WITH_FROM: &[&str] = &["extract", "overlay", "position", "substring", "trim"];

/// Words that stand where a name would, in front of it.
const BEFORE_NAMES: &[&str] = &["constant", "lateral", "only"];

/// What ends a list of relations.
const AFTER_RELATIONS: &[&str] = &[
    "where",
    "group",
    "order",
    "on",
    "select",
    "limit",
    "having",
    "set",
    "returning",
    "union",
    "values",
    "using",
    "loop",
];

/// The objects that `body`, in SQL or in PL/pgSQL, names without a schema, in order.
#[must_use]
pub fn unqualified(body: &str) -> Vec<Reference> {
    let mut reader = Reader {
        text: Telling::of(body),
        open: Vec::new(),
        in_relations: false,
        in_declarations: false,
        starts_declaration: false,
        found: Vec::new(),
    };
    for index in 0..reader.text.len() {
        reader.read(index);
    }
    let own = reader.own_names();
    let mut found = reader.found;
    found.retain(|one| one.kind != Referred::Relation || !own.contains(&one.name));
    found
}

struct Reader<'a> {
    text: Telling<'a>,
    /// Of each open parenthesis: the word in front of it, and whether relations were
    /// listed outside.
    open: Vec<(String, bool)>,
    in_relations: bool,
    /// Between DECLARE and BEGIN.
    in_declarations: bool,
    /// Whether the next name is a variable's.
    starts_declaration: bool,
    found: Vec<Reference>,
}

impl Reader<'_> {
    fn read(&mut self, index: usize) {
        let Some(token) = self.text.get(index) else {
            return;
        };
        match token.kind {
            TokenKind::Symbol('(') => {
                let before = index
                    .checked_sub(1)
                    .and_then(|before| self.text.word(before));
                self.open
                    .push((before.unwrap_or_default(), self.in_relations));
                self.in_relations = false;
            }
            TokenKind::Symbol(')') => {
                if let Some((_, outside)) = self.open.pop() {
                    self.in_relations = outside;
                }
            }
            TokenKind::Symbol(';') => {
                self.in_relations = false;
                self.starts_declaration = self.in_declarations;
            }
            TokenKind::Text(_) => self.string(index),
            _ if token.is_name() => self.name(index, token),
            _ => {}
        }
    }

    fn name(&mut self, index: usize, token: Token<'_>) {
        let kind = self.kind(index);
        if let (Some(kind), Some(name)) = (kind, stored(&token)) {
            self.found.push(Reference { name, kind });
        }
        self.step(index);
    }

    /// What the word at `index` changes for those behind it.
    fn step(&mut self, index: usize) {
        let word = self.text.word(index).unwrap_or_default();
        self.starts_declaration = match word.as_str() {
            "declare" => true,
            "constant" => self.starts_declaration,
            _ => false,
        };
        match word.as_str() {
            "declare" => self.in_declarations = true,
            "begin" => self.in_declarations = false,
            "from" if self.is_of_relations(index) => self.in_relations = true,
            "join" => self.in_relations = true,
            word if AFTER_RELATIONS.contains(&word) => self.in_relations = false,
            _ => {}
        }
    }

    /// Whether the FROM at `index` comes before relations.
    fn is_of_relations(&self, index: usize) -> bool {
        let is_distinct = self.text.is_word_before(index, 1, "distinct");
        let inside = self.open.last().map(|(word, _)| word.as_str());
        !is_distinct && !inside.is_some_and(|word| WITH_FROM.contains(&word))
    }

    fn kind(&self, index: usize) -> Option<Referred> {
        let word = self.text.word(index);
        let is_passed_over = word.is_some_and(|word| BEFORE_NAMES.contains(&word.as_str()));
        if is_passed_over || self.text.is_symbol_before(index, 1, '.') {
            return None;
        }
        if self.is_of_a_row(index + 1) {
            return Some(Referred::Relation);
        }
        if self.text.is_symbol(index + 1, '.') {
            return self.is_of_a_row(index + 3).then_some(Referred::Relation);
        }
        let is_called = self.text.is_symbol(index + 1, '(');
        if self.is_written(index) || self.is_listed(index) && !is_called {
            return Some(Referred::Relation);
        }
        if is_called {
            return Some(Referred::Function);
        }
        self.is_type(index).then_some(Referred::Type)
    }

    /// Whether `%TYPE` or `%ROWTYPE` stands there.
    fn is_of_a_row(&self, index: usize) -> bool {
        let word = self.text.word(index + 1);
        self.text.is_symbol(index, '%')
            && word.is_some_and(|word| word == "type" || word == "rowtype")
    }

    /// Whether the name is that of a table whose rows are changed.
    fn is_written(&self, index: usize) -> bool {
        let into = self.text.is_word_before(index, 1, "into")
            && ["insert", "merge"]
                .iter()
                .any(|word| self.text.is_word_before(index, 2, word));
        into || self.text.is_word_before(index, 1, "update")
    }

    /// Whether the name stands in a list of relations.
    fn is_listed(&self, index: usize) -> bool {
        let before = ["from", "join", "only", "lateral"];
        let is_first = before
            .iter()
            .any(|word| self.text.is_word_before(index, 1, word));
        self.in_relations && (is_first || self.text.is_symbol_before(index, 1, ','))
    }

    fn is_type(&self, index: usize) -> bool {
        let is_cast =
            self.text.is_symbol_before(index, 1, ':') && self.text.is_symbol_before(index, 2, ':');
        let inside = self.open.last().map(|(word, _)| word.as_str());
        let is_in_cast = inside == Some("cast") && self.text.is_word_before(index, 1, "as");
        let next = self.text.get(index + 1);
        let is_typed = next.is_some_and(|next| next.kind == TokenKind::Text(Text::Plain));
        // A variable comes before its type.
        let is_declared = self.in_declarations && !self.starts_declaration;
        is_cast || is_in_cast || is_typed || is_declared
    }

    /// A name in a string: `nextval('numbers')`, `'tasks'::regclass`.
    fn string(&mut self, index: usize) {
        let inside = self.open.last().map(|(word, _)| word.as_str());
        let is_argument = self.text.is_symbol_before(index, 1, '(')
            && inside.is_some_and(|word| BY_NAME.contains(&word));
        let is_cast = self.text.is_symbol(index + 1, ':')
            && self
                .text
                .word(index + 3)
                .is_some_and(|word| word == "regclass");
        let inner = self.text.string(index);
        let Some(inner) = inner.filter(|_| is_argument || is_cast) else {
            return;
        };
        let mut parts = tokens(&inner);
        if let (Some(only), None) = (parts.next(), parts.next())
            && let Some(name) = stored(&only)
        {
            let kind = Referred::Relation;
            self.found.push(Reference { name, kind });
        }
    }

    /// The names that the body gives to its own queries: `WITH recent AS (...)`.
    fn own_names(&self) -> HashSet<String> {
        let places = 0..self.text.len();
        let named = places.filter(|index| {
            let first = ["with", "recursive"].iter();
            let is_first = first
                .copied()
                .any(|word| self.text.is_word_before(*index, 1, word));
            let is_next = self.text.is_symbol_before(*index, 1, ',');
            (is_first || is_next) && self.text.is_word(self.behind_columns(index + 1), "as")
        });
        let names = named.filter_map(|index| self.text.name(index));
        names.collect()
    }

    /// The place behind a list in parentheses, if one begins at `index`.
    fn behind_columns(&self, index: usize) -> usize {
        if !self.text.is_symbol(index, '(') {
            return index;
        }
        self.text.closing(index).map_or(index, |place| place + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of that kind, in order.
    fn names(body: &str, kind: Referred) -> Vec<String> {
        let found = unqualified(body).into_iter();
        let found = found.filter(|one| one.kind == kind);
        found.map(|one| one.name).collect()
    }

    #[test]
    fn functions_that_are_called_are_found_and_those_with_a_schema_are_not() {
        let body = "SELECT norm(ext.unaccent(\"Own f\"($1))), t.x, a.b(1) -- gone(1)";
        assert_eq!(names(body, Referred::Function), ["norm", "Own f"]);
    }

    #[test]
    fn relations_are_found_where_rows_come_from_and_go_to() {
        for (body, found) in [
            (
                "SELECT 1 FROM tasks t, users WHERE a = b",
                &["tasks", "users"][..],
            ),
            ("SELECT 1 FROM f(1) JOIN ONLY tasks USING (id)", &["tasks"]),
            (
                "INSERT INTO log (what) SELECT 1; UPDATE tasks SET a = 1",
                &["log", "tasks"],
            ),
            (
                "SELECT nextval('numbers'), 'tasks'::regclass, 'a.b'::regclass, 'x'",
                &["numbers", "tasks"],
            ),
            (
                "DECLARE r tasks%ROWTYPE; x users.id%TYPE; BEGIN END",
                &["tasks", "users"],
            ),
            ("SELECT (SELECT max(id) FROM a), tasks FROM b", &["a", "b"]),
        ] {
            assert_eq!(names(body, Referred::Relation), found, "{body}");
        }
    }

    #[test]
    fn what_only_looks_like_a_relation_is_none() {
        for body in [
            "SELECT extract(year FROM born), substring(name FROM tasks), trim(both FROM tasks)",
            "SELECT a IS DISTINCT FROM tasks, tasks.id, tasks",
            "WITH tasks AS (SELECT 1), users (id) AS (SELECT 2) SELECT * FROM tasks, users",
            "SELECT a INTO tasks FROM ext.users WHERE a IN (1, tasks)",
        ] {
            assert_eq!(names(body, Referred::Relation), [""; 0], "{body}");
        }
    }

    #[test]
    fn types_are_found_in_casts_and_in_declarations() {
        for (body, found) in [
            (
                "SELECT x::mood, CAST(y AS kind), citext 'a', a AS alias",
                &["mood", "kind", "citext"][..],
            ),
            (
                "DECLARE a mood; b CONSTANT kind := 1; BEGIN c := d; END",
                &["mood", "kind"],
            ),
        ] {
            assert_eq!(names(body, Referred::Type), found, "{body}");
        }
    }
}
