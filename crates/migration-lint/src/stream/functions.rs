//! `unqualified-function`: functions that find what they name through `search_path`
//! only, called where PostgreSQL does not have the tenant in it.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use sql_text::{Referred, unqualified};

use super::signature::signature;
use super::statement::{Defined, Statement};
use crate::finding::Found;

/// Functions of extensions that are usual in such places. PostgreSQL has none of these
/// names itself.
const OF_EXTENSIONS: &[&str] = &[
    "crypt",
    "digest",
    "dmetaphone",
    "dmetaphone_alt",
    "earth_distance",
    "hmac",
    "hstore",
    "levenshtein",
    "ll_to_earth",
    "metaphone",
    "nlevel",
    "show_trgm",
    "similarity",
    "soundex",
    "strict_word_similarity",
    "subpath",
    "text2ltree",
    "unaccent",
    "uuid_generate_v5",
    "word_similarity",
];

/// Types of extensions, likewise.
const TYPES_OF_EXTENSIONS: &[&str] = &[
    "citext",
    "cube",
    "earth",
    "geography",
    "geometry",
    "hstore",
    "lquery",
    "ltree",
];

/// What the migrations have made so far.
#[derive(Default)]
pub(super) struct Functions {
    functions: Vec<Function>,
    /// Tables, views and sequences.
    relations: HashSet<String>,
    types: HashSet<String>,
    /// The queries of views.
    views: HashMap<String, String>,
    uses: Vec<Use>,
}

/// A function as it was defined last.
struct Function {
    name: String,
    /// As they are written, without white space.
    arguments: String,
    /// The types of those that PostgreSQL tells functions of one name apart by.
    signature: Vec<String>,
    /// In which text, and where in it.
    text: usize,
    offset: usize,
    has_path: bool,
    body: Body,
}

enum Body {
    /// PostgreSQL reads it when the function runs.
    Text(String),
    /// PostgreSQL has read it: the statement.
    Parsed(String),
    /// In another language.
    Other,
}

/// An expression that PostgreSQL evaluates by itself.
struct Use {
    /// The object that has it, and its table.
    of: Vec<String>,
    /// In words, with its article.
    what: &'static str,
    expression: String,
}

impl Functions {
    /// Learns from a statement of the text number `text`.
    pub(super) fn read(&mut self, statement: &Statement<'_>, text: usize) {
        if let Some(created) = statement.created() {
            self.create(statement, &created, text);
        } else if let Some(altered) = statement.altered() {
            match altered.kind {
                "table" | "domain" => self.use_clauses(statement, &altered),
                "function" => self.alter_function(statement, &altered),
                _ => {}
            }
        } else if let Some(dropped) = statement.dropped() {
            self.remove(statement, &dropped);
        }
    }

    fn create(&mut self, statement: &Statement<'_>, created: &Defined, text: usize) {
        match created.kind {
            "function" => self.create_function(statement, created, text),
            "index" => self.use_all(statement, created, "an index"),
            "statistics" => self.use_all(statement, created, "extended statistics"),
            "materialized view" => self.use_all(statement, created, "a materialized view"),
            "domain" => self.use_all(statement, created, "a domain"),
            "view" => {
                let query = statement.source.to_owned();
                self.views.insert(created.name.clone(), query);
            }
            "table" => self.use_clauses(statement, created),
            _ => {}
        }
        match created.kind {
            "domain" | "type" => {
                self.types.insert(created.name.clone());
            }
            "table" | "view" | "materialized view" | "sequence" => {
                self.relations.insert(created.name.clone());
            }
            _ => {}
        }
    }

    fn create_function(&mut self, statement: &Statement<'_>, created: &Defined, text: usize) {
        let arguments = arguments(statement, created.behind);
        let function = Function {
            name: created.name.clone(),
            signature: signature(&arguments),
            arguments,
            text,
            offset: statement.offset(0),
            has_path: sets_path(statement),
            body: body(statement),
        };
        let is_same =
            |it: &Function| it.name == function.name && it.signature == function.signature;
        self.functions.retain(|it| !is_same(it));
        self.functions.push(function);
    }

    fn alter_function(&mut self, statement: &Statement<'_>, altered: &Defined) {
        let sets = sets_path(statement);
        let text = &statement.text;
        let resets = (0..text.len()).any(|at| {
            text.are_words(at, &["reset", "search_path"]) || text.are_words(at, &["reset", "all"])
        });
        let renamed = (0..text.len()).find(|at| text.are_words(*at, &["rename", "to"]));
        let renamed = renamed.and_then(|at| text.name(at + 2));
        let signature = signature(&arguments(statement, altered.behind));
        let named = self
            .functions
            .iter_mut()
            .filter(|it| it.name == altered.name);
        let mut named = named.collect::<Vec<_>>();
        // Types may be written in more ways than are known; a function alone is the one.
        if named.len() > 1 && named.iter().any(|it| it.signature == signature) {
            named.retain(|it| it.signature == signature);
        }
        for function in named {
            function.has_path = sets || function.has_path && !resets;
            if let Some(renamed) = &renamed {
                function.name.clone_from(renamed);
            }
        }
    }

    fn remove(&mut self, statement: &Statement<'_>, dropped: &Defined) {
        let mut names = vec![dropped.name.clone()];
        let text = &statement.text;
        let depths = statement.depths();
        names.extend((dropped.behind..text.len()).filter_map(|at| {
            let is_next = text.is_symbol(at, ',') && depths.get(at) == Some(&0);
            is_next
                .then(|| text.last_part(at + 1))?
                .map(|(name, _)| name)
        }));
        if dropped.kind == "function" {
            self.functions.retain(|it| !names.contains(&it.name));
        } else {
            self.uses
                .retain(|it| !it.of.iter().any(|of| names.contains(of)));
        }
    }

    fn use_all(&mut self, statement: &Statement<'_>, of: &Defined, what: &'static str) {
        let on = match of.kind {
            "index" => statement.on_table(),
            _ => None,
        };
        self.uses.push(Use {
            of: std::iter::once(of.name.clone()).chain(on).collect(),
            what,
            expression: statement.source.to_owned(),
        });
    }

    /// The checks, generated columns, exclusions and partition keys of a table.
    fn use_clauses(&mut self, statement: &Statement<'_>, table: &Defined) {
        let text = &statement.text;
        for place in 0..text.len() {
            let what = if text.is_word(place, "check") {
                "a check"
            } else if text.are_words(place, &["generated", "always", "as"]) {
                "a generated column"
            } else if text.is_word(place, "exclude") {
                "an exclusion constraint"
            } else if text.are_words(place, &["partition", "by"]) {
                "a partition key"
            } else {
                continue;
            };
            let open = (place..text.len()).find(|at| text.is_symbol(*at, '('));
            let Some((open, close)) = open.and_then(|open| Some((open, text.closing(open)?)))
            else {
                continue;
            };
            self.uses.push(Use {
                of: vec![table.name.clone()],
                what,
                expression: statement.between(open..close).to_owned(),
            });
        }
    }

    /// The functions that fail, each at its definition: the number of the text, and
    /// what is found.
    pub(super) fn unqualified(&self) -> Vec<(usize, Found)> {
        let mut texts = self.uses.iter();
        let mut texts = texts
            .by_ref()
            .map(|it| (it.expression.as_str(), it.what))
            .collect::<VecDeque<_>>();
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        while let Some((text, what)) = texts.pop_front() {
            for reference in unqualified(text) {
                if let Referred::Relation = reference.kind
                    && let Some(view) = self.views.get(&reference.name)
                    && seen.insert(view.as_str())
                {
                    texts.push_back((view, what));
                }
                let called = self.functions.iter().filter(|it| it.name == reference.name);
                for function in called.filter(|_| reference.kind == Referred::Function) {
                    match &function.body {
                        Body::Parsed(text) if seen.insert(text) => texts.push_back((text, what)),
                        Body::Text(body) if seen.insert(body) => {
                            found.extend(self.found(function, body, what));
                        }
                        _ => {}
                    }
                }
            }
        }
        found
    }

    fn found(&self, function: &Function, body: &str, what: &str) -> Option<(usize, Found)> {
        let names = unqualified(body).into_iter().filter(|reference| {
            let name = &reference.name;
            match reference.kind {
                Referred::Function => {
                    OF_EXTENSIONS.contains(&name.as_str())
                        || name.starts_with("st_")
                        || self.functions.iter().any(|it| it.name == *name)
                }
                Referred::Relation => self.relations.contains(name),
                Referred::Type => {
                    TYPES_OF_EXTENSIONS.contains(&name.as_str())
                        || self.types.contains(name)
                        || self.relations.contains(name)
                }
            }
        });
        let names = names.map(|it| format!("`{}`", it.name));
        let names = names
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>();
        if names.is_empty() || function.has_path {
            return None;
        }
        let message = format!(
            "{what} calls `{}`, which names {} without a schema: autovacuum and pg_restore run \
             it with an empty search_path and fail",
            function.name,
            names.join(", ")
        );
        let hint = format!(
            "Add `SET search_path FROM CURRENT` to the function. If the migration is applied \
             already, write a new one.\nALTER FUNCTION {}({}) SET search_path FROM CURRENT;",
            function.name, function.arguments
        );
        let found = Found::new(function.offset, "unqualified-function", message).hint(hint);
        Some((function.text, found))
    }
}

/// What stands in the parentheses at `open`, with single spaces.
fn arguments(statement: &Statement<'_>, open: usize) -> String {
    let Some(close) = statement.text.closing(open) else {
        return String::new();
    };
    let written = statement.between(open..close);
    written.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sets_path(statement: &Statement<'_>) -> bool {
    let text = &statement.text;
    (0..text.len()).any(|at| text.are_words(at, &["set", "search_path"]))
}

fn body(statement: &Statement<'_>) -> Body {
    let text = &statement.text;
    let places = 0..text.len();
    let language = places.clone().find(|at| text.is_word(*at, "language"));
    let language = language.and_then(|at| text.word(at + 1).or_else(|| text.string(at + 1)));
    let mut strings = places.filter(|at| text.is_word(*at, "as"));
    let string = strings.find_map(|at| text.string(at + 1));
    match (string, language.as_deref()) {
        (None, _) => Body::Parsed(statement.source.to_owned()),
        (Some(body), Some("sql" | "plpgsql")) => Body::Text(body),
        _ => Body::Other,
    }
}
