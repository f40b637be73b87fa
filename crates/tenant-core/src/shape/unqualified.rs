//! Functions that find what they name through `search_path` only, and that PostgreSQL
//! calls where the path is empty.
//!
//! Expressions in indexes, generated columns, checks, domains, partition keys, extended
//! statistics and materialized views are kept with every name resolved, but the body of
//! a function in a string is text until it runs. Autovacuum's ANALYZE, a restored dump
//! and REFRESH run it with nothing of the tenant's in the path.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use sql_text::{Reference, Referred, Text, Token, TokenKind, stored, tokens};

use super::normal::{behind_schemas, displayed};
use super::{Aspect, Object, ObjectKind, ObjectName, Shape};

/// A function that works only where the path leads to what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unqualified {
    /// With the types of its arguments, without the schema.
    pub(crate) function: String,
    /// What it names, in alphabetical order.
    pub(crate) names: Vec<String>,
    /// One object that calls it.
    pub(crate) used_by: ObjectName,
}

/// Names that are not the schema's own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Elsewhere {
    /// Those of `pg_catalog`, which is always in the path.
    pub(crate) catalog: HashSet<(Referred, String)>,
    /// Those that extensions brought, wherever they are.
    pub(crate) extensions: HashSet<(Referred, String)>,
}

/// A function that such an expression calls, whose body is a string and that sets no path itself.
pub(crate) struct Candidate<'a> {
    name: &'a ObjectName,
    used_by: &'a ObjectName,
    /// What its body names without a schema.
    pub(crate) references: Vec<Reference>,
}

/// The functions of the schema that need to be looked at.
pub(crate) fn candidates(shape: &Shape) -> Vec<Candidate<'_>> {
    let mut search = Search::new(shape);
    let roots = shape.objects.iter();
    for (name, object) in roots {
        for text in evaluated(name, object) {
            search.texts.push_back((text, name));
        }
    }
    search.run()
}

/// Those that fail where the path is empty.
///
/// Of a function of the schema that is called like one of PostgreSQL's, it is taken that
/// it is the one that is meant: its arguments make it so.
pub(crate) fn unqualified(shape: &Shape, elsewhere: &Elsewhere) -> Vec<Unqualified> {
    let own = own_names(shape);
    let is_lost = |reference: &Reference| {
        let key = (reference.kind, reference.name.clone());
        let is_own = own.contains(&key);
        if is_own && reference.kind == Referred::Function {
            return true;
        }
        let exists = is_own || elsewhere.extensions.contains(&key);
        exists && !elsewhere.catalog.contains(&key)
    };
    let found = candidates(shape).into_iter().filter_map(|candidate| {
        let names = candidate.references.into_iter().filter(is_lost);
        let names = names.map(|it| it.name).collect::<BTreeSet<_>>();
        (!names.is_empty()).then(|| Unqualified {
            function: displayed(&candidate.name.name),
            names: names.into_iter().collect(),
            used_by: candidate.used_by.clone(),
        })
    });
    found.collect()
}

/// The expressions of an object that PostgreSQL evaluates by itself.
fn evaluated<'a>(name: &ObjectName, object: &'a Object) -> impl Iterator<Item = &'a str> {
    let aspect = match name.kind {
        ObjectKind::Column => Some(Aspect::Generated),
        ObjectKind::Constraint
        | ObjectKind::Index
        | ObjectKind::MaterializedView
        | ObjectKind::Statistics
        | ObjectKind::Table
        | ObjectKind::Type => Some(Aspect::Definition),
        _ => None,
    };
    aspect.and_then(|aspect| object.fact(aspect)).into_iter()
}

/// Follows calls from expressions to functions.
struct Search<'a> {
    shape: &'a Shape,
    /// All that have one name, which differ in their arguments.
    functions: BTreeMap<String, Vec<&'a ObjectName>>,
    texts: VecDeque<(&'a str, &'a ObjectName)>,
    seen: HashSet<&'a ObjectName>,
    found: Vec<Candidate<'a>>,
}

impl<'a> Search<'a> {
    fn new(shape: &'a Shape) -> Self {
        let mut functions = BTreeMap::<_, Vec<_>>::new();
        for name in shape.objects() {
            if name.kind == ObjectKind::Function
                && let Some(bare) = bare(&name.name)
            {
                functions.entry(bare).or_default().push(name);
            }
        }
        Self {
            shape,
            functions,
            texts: VecDeque::new(),
            seen: HashSet::new(),
            found: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<Candidate<'a>> {
        while let Some((text, root)) = self.texts.pop_front() {
            for behind in behind_schemas(text) {
                self.follow(behind, root);
            }
        }
        self.found
    }

    /// `behind` is what stands behind the schema's name.
    fn follow(&mut self, behind: &'a str, root: &'a ObjectName) {
        let Some(token) = tokens(behind).next() else {
            return;
        };
        let Some(name) = stored(&token) else { return };
        let rest = behind.get(token.range().end..).unwrap_or_default();
        if rest.starts_with('(') {
            let functions = self.functions.get(&name).cloned().unwrap_or_default();
            for function in functions {
                self.call(function, root);
            }
        } else if let Some((view, object)) = self.view(&name)
            && self.seen.insert(view)
        {
            let definition = object.fact(Aspect::Definition);
            self.texts.extend(definition.map(|text| (text, root)));
        }
    }

    fn view(&self, name: &str) -> Option<(&'a ObjectName, &'a Object)> {
        let view = ObjectName {
            kind: ObjectKind::View,
            table: None,
            name: name.to_owned(),
        };
        self.shape.objects.get_key_value(&view)
    }

    fn call(&mut self, function: &'a ObjectName, root: &'a ObjectName) {
        let object = self.shape.get(function);
        let definition = object.and_then(|object| object.fact(Aspect::Definition));
        let Some(definition) = definition.filter(|_| self.seen.insert(function)) else {
            return;
        };
        match Body::of(definition) {
            // PostgreSQL has resolved the names in it, and those that it calls count.
            Body::Parsed => self.texts.push_back((definition, root)),
            Body::Text(body) => self.found.push(Candidate {
                name: function,
                used_by: root,
                references: sql_text::unqualified(body),
            }),
            Body::WithPath => {}
        }
    }
}

/// How a function finds what it names.
enum Body<'a> {
    /// It is resolved: an aggregate, or a body in standard SQL.
    Parsed,
    /// When it runs, and by the path that there is.
    Text(&'a str),
    /// By the function's own path, or in a language that cannot be read here.
    WithPath,
}

impl<'a> Body<'a> {
    /// That of a definition as PostgreSQL writes it: head, settings, and the body last.
    fn of(definition: &'a str) -> Self {
        let telling = tokens(definition).filter(|token| !token.is_trivia());
        let telling = telling.collect::<Vec<_>>();
        let is_pair = |one: &str, other: &str| {
            let mut pairs = telling.windows(2);
            pairs.any(|pair| matches!(pair, [a, b] if a.is_word(one) && b.is_word(other)))
        };
        let mut after_as = telling.windows(2).filter_map(|pair| match pair {
            [word, body] if word.is_word("as") => inside(body),
            _ => None,
        });
        match after_as.next() {
            None => Self::Parsed,
            Some(_) if is_pair("set", "search_path") => Self::WithPath,
            Some(body) if is_pair("language", "sql") || is_pair("language", "plpgsql") => {
                Self::Text(body)
            }
            // The names in other languages are nothing that could be read here.
            Some(_) => Self::WithPath,
        }
    }
}

/// What stands between the quotes.
fn inside<'a>(token: &Token<'a>) -> Option<&'a str> {
    match token.kind {
        TokenKind::Text(Text::Dollar) => {
            let (tag, rest) = token.text.get(1..)?.split_once('$')?;
            rest.strip_suffix(&format!("${tag}$"))
        }
        TokenKind::Text(_) => Some(token.text.trim_matches('\'')),
        _ => None,
    }
}

/// The name of a function without its arguments, as PostgreSQL stores it.
fn bare(name: &str) -> Option<String> {
    stored(&tokens(name).next()?)
}

fn own_names(shape: &Shape) -> HashSet<(Referred, String)> {
    let mut own = HashSet::new();
    for object in shape.objects() {
        let name = object.name.clone();
        match object.kind {
            ObjectKind::Function => {
                own.extend(bare(&name).map(|name| (Referred::Function, name)));
            }
            ObjectKind::Type => {
                own.insert((Referred::Type, name));
            }
            ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Sequence => {
                // The rows of a table are a type, too.
                own.insert((Referred::Type, name.clone()));
                own.insert((Referred::Relation, name));
            }
            _ => {}
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::super::normal::Own;
    use super::*;

    /// A shape of functions by their definition, and of other objects by one fact.
    fn shape(objects: &[(ObjectKind, Aspect, &str, &str)]) -> Shape {
        let own = Own::new("acme", "acme");
        let mut shape = Shape::new(own.clone(), "owner".to_owned());
        for (kind, aspect, name, fact) in objects {
            let name = ObjectName {
                kind: *kind,
                table: None,
                name: own.normal(name),
            };
            let facts = BTreeMap::from([(*aspect, own.normal(fact))]);
            shape.insert(name, Object { place: 0, facts });
        }
        shape
    }

    fn function<'a>(name: &'a str, text: &'a str) -> (ObjectKind, Aspect, &'a str, &'a str) {
        (ObjectKind::Function, Aspect::Definition, name, text)
    }

    const NORM: &str = "CREATE OR REPLACE FUNCTION acme.norm(text)\n RETURNS text\n LANGUAGE sql\n \
                        IMMUTABLE\nAS $function$ SELECT lower(strip($1)) $function$";
    const STRIP: &str = "CREATE OR REPLACE FUNCTION acme.strip(text)\n RETURNS text\n \
                         LANGUAGE sql\n IMMUTABLE\nAS $function$ SELECT trim($1) $function$";
    const INDEX: (ObjectKind, Aspect, &str, &str) = (
        ObjectKind::Index,
        Aspect::Definition,
        "by_name",
        "CREATE INDEX by_name ON acme.people USING btree (acme.norm(name))",
    );

    fn found(objects: &[(ObjectKind, Aspect, &str, &str)], elsewhere: &Elsewhere) -> Vec<String> {
        let found = unqualified(&shape(objects), elsewhere);
        let found = found.iter();
        found
            .map(|it| format!("{} {} {}", it.function, it.names.join(","), it.used_by.name))
            .collect()
    }

    #[test]
    fn a_function_in_an_index_that_names_another_one_is_found() {
        let objects = [
            function("norm(text)", NORM),
            function("strip(text)", STRIP),
            INDEX,
        ];
        let none = Elsewhere::default();
        assert_eq!(found(&objects, &none), ["norm(text) strip by_name"]);
        // Nothing calls it by itself.
        assert_eq!(found(&objects[..2], &none), [""; 0]);
    }

    #[test]
    fn a_path_of_its_own_a_parsed_body_and_names_of_postgresql_are_fine() {
        let own_path = NORM.replace("\nAS", "\n SET search_path TO 'acme'\nAS");
        let parsed = NORM.replace(
            "AS $function$ SELECT lower(strip($1)) $function$",
            "RETURN lower(acme.strip($1))",
        );
        let other = NORM.replace("LANGUAGE sql", "LANGUAGE plpython3u");
        let strip = function("strip(text)", STRIP);
        for text in [own_path, parsed, other] {
            let objects = [function("norm(text)", &text), strip, INDEX];
            assert_eq!(found(&objects, &Elsewhere::default()), [""; 0], "{text}");
        }
        let elsewhere = Elsewhere {
            catalog: [(Referred::Function, "strip".to_owned())].into(),
            extensions: [(Referred::Function, "strip".to_owned())].into(),
        };
        let objects = [function("norm(text)", NORM), INDEX];
        assert_eq!(found(&objects, &elsewhere), [""; 0]);
    }

    #[test]
    fn a_function_is_found_through_others_and_in_every_place() {
        let parsed = "CREATE OR REPLACE FUNCTION acme.outer_norm(x text)\n RETURNS text\n \
                      LANGUAGE sql\nRETURN acme.norm(x)";
        let elsewhere = Elsewhere {
            extensions: [(Referred::Function, "strip".to_owned())].into(),
            ..Elsewhere::default()
        };
        for (kind, aspect, fact) in [
            (
                ObjectKind::Column,
                Aspect::Generated,
                "(acme.outer_norm(name)) STORED",
            ),
            (
                ObjectKind::Constraint,
                Aspect::Definition,
                "CHECK (acme.outer_norm(name) <> '')",
            ),
            (
                ObjectKind::Type,
                Aspect::Definition,
                "text CHECK (acme.norm(VALUE) <> '')",
            ),
            (
                ObjectKind::Table,
                Aspect::Definition,
                "PARTITION BY LIST (acme.norm(name))",
            ),
            (
                ObjectKind::Statistics,
                Aspect::Definition,
                "CREATE STATISTICS acme.s ON acme.norm(a)",
            ),
            (
                ObjectKind::MaterializedView,
                Aspect::Definition,
                "SELECT acme.v.name FROM acme.v",
            ),
        ] {
            let objects = [
                function("norm(text)", NORM),
                function("outer_norm(x text)", parsed),
                (kind, aspect, "user", fact),
                (
                    ObjectKind::View,
                    Aspect::Definition,
                    "v",
                    "SELECT acme.norm(name) FROM acme.t",
                ),
            ];
            assert_eq!(
                found(&objects, &elsewhere),
                ["norm(text) strip user"],
                "{fact}"
            );
        }
        // A default and a view are evaluated where the application's path is.
        let objects = [
            function("norm(text)", NORM),
            (ObjectKind::Column, Aspect::Default, "c", "acme.norm('x')"),
            (
                ObjectKind::View,
                Aspect::Definition,
                "v",
                "SELECT acme.norm(name) FROM acme.t",
            ),
        ];
        assert_eq!(found(&objects, &elsewhere), [""; 0]);
    }
}
