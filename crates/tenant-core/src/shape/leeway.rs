//! The parts of a schema definition that are not compared, because the result of another run of the
//! migrations cannot be predicted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::by_default::ByDefault;
use super::forms::{bare, filled, has_name};
use super::name_form::NameForm;
use super::object::{Aspect, Object, ObjectKind, ObjectName};
use super::varying::{fits, varies};
use crate::made_up::{MadeUp, unmarked};

/// What of a shape is not to be compared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leeway {
    /// Of these, each run or each month makes some with other names.
    pub(super) objects: Vec<Others>,
    /// What the schema's name is part of: there a part of it may stand as well.
    pub(super) named: BTreeSet<(ObjectName, Aspect)>,
    /// What a role gives or denies by default, so that it depends on when an object was
    /// made.
    pub(super) by_default: ByDefault,
    /// The names that the migrations were tried under, without which no statement may be.
    pub(super) made_up: MadeUp,
    /// The schemas of all tenants, as far as a part of a name may stand for it: small, and
    /// only letters and digits.
    pub(super) tenants: Arc<BTreeSet<String>>,
}

/// Objects that differ only in their names, in an unknown number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Others {
    pub(super) kind: ObjectKind,
    /// The table that they hang on, if they hang on one.
    pub(super) table: Option<String>,
    pub(super) form: NameForm,
    /// Whether the name is that of a year or a month: the expected definition has one of them,
    /// and a schema may have another in its place.
    pub(super) is_of_moment: bool,
    /// What is known of each.
    pub(super) object: Object,
    /// The columns of a table, with their types, if that is known.
    pub(super) columns: Option<BTreeMap<String, String>>,
    /// Whether a schema has one of them: each run of the migrations has made exactly one.
    pub(super) is_one: bool,
    /// Where the statement is that makes them, as far as that is known: a file and a line.
    pub(super) made_at: Option<String>,
}

impl Others {
    /// The same in the schema `schema`.
    pub(super) fn filled(&self, schema: &str) -> Self {
        if !self.has_name() {
            return self.clone();
        }
        let facts = self.object.facts.iter();
        let facts = facts.map(|(aspect, fact)| (*aspect, filled(fact, schema)));
        let columns = self.columns.iter().flatten();
        let columns = columns.map(|(name, kind)| (cut(&filled(name, schema)), kind.clone()));
        let columns = columns.collect::<BTreeMap<_, _>>();
        Self {
            kind: self.kind,
            table: self
                .table
                .as_deref()
                .map(|table| cut(&filled(table, schema))),
            form: self.form.filled(schema),
            is_of_moment: self.is_of_moment,
            object: Object {
                place: self.object.place,
                facts: facts.collect(),
            },
            columns: self.columns.is_some().then_some(columns),
            is_one: self.is_one,
            made_at: self.made_at.clone(),
        }
    }

    /// Whether the schema's name has a place in it.
    pub(super) fn has_name(&self) -> bool {
        let mut texts = self.form.texts().chain(self.table.as_deref());
        let columns = self.columns.iter().flat_map(BTreeMap::keys);
        texts.any(has_name)
            || self.object.facts.values().any(|fact| has_name(fact))
            || columns.into_iter().any(|name| has_name(name))
    }

    /// One of them, by a name with three dots for what varies.
    pub(super) fn as_name(&self) -> ObjectName {
        ObjectName {
            kind: self.kind,
            table: self.table.clone(),
            name: self.form.to_string(),
        }
    }

    /// Whether an object is called as they are.
    pub(super) fn fit(&self, name: &ObjectName) -> bool {
        self.kind == name.kind && self.table == name.table && self.form.fits(&name.name)
    }
}

impl fmt::Display for Others {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = self.form.filled("...").to_string();
        let (kind, form) = (self.kind.words(), unmarked(&form));
        let table = self.table.as_deref().map(|table| filled(table, "..."));
        match &table {
            Some(table) => write!(formatter, "{kind} `{form}` of `{table}`"),
            None => write!(formatter, "{kind} `{form}`"),
        }
    }
}

impl Leeway {
    /// Whether what should be under an aspect fits what is there.
    pub(super) fn fits(
        &self,
        (name, aspect): (&ObjectName, Aspect),
        schema: &str,
        (should, is): (Option<&str>, Option<&str>),
    ) -> bool {
        let Some(should) = should else { return false };
        if varies(should) && fits(should, is) {
            return true;
        }
        let key = (name.clone(), aspect);
        let is_named = self.named.contains(&key);
        is_named && is.is_some_and(|is| self.has_part_of_name(should, is, schema))
    }

    /// Those of the objects with unknown names that an object may be one of.
    pub(super) fn others_like(&self, name: &ObjectName) -> impl Iterator<Item = &Others> {
        self.objects.iter().filter(move |others| others.fit(name))
    }

    /// Whether there are such.
    pub(super) fn has_others_like(&self, name: &ObjectName) -> bool {
        self.others_like(name).next().is_some()
    }

    /// Whether an object is that of a year or a month, and may be missing.
    pub(super) fn is_of_moment(&self, name: &ObjectName) -> bool {
        self.others_like(name).any(|others| others.is_of_moment)
    }

    /// Whether `is` says what `should` says but that the end of the schema's name stands
    /// where the whole name was expected: migrations may leave out what all tenants' names
    /// begin with.
    fn has_part_of_name(&self, should: &str, is: &str, schema: &str) -> bool {
        let significant = |text| {
            let tokens = sql_text::tokens(text).filter(|token| !token.is_trivia());
            tokens.map(|token| token.text).collect::<Vec<_>>()
        };
        let (wanted, found) = (significant(should), significant(is));
        let mut pairs = wanted.iter().zip(&found);
        wanted.len() == found.len()
            && pairs.all(|(wanted, found)| wanted == found || self.is_end(wanted, found, schema))
    }

    /// Whether `found` is `wanted` with the end of the schema's name in the place of all of
    /// it, and no tenant is called so.
    fn is_end(&self, wanted: &str, found: &str, schema: &str) -> bool {
        let (wanted, found) = (bare(wanted), bare(found));
        let end = wanted
            .split_once(&bare(schema))
            .and_then(|(before, behind)| {
                let rest = found.strip_prefix(before)?;
                rest.strip_suffix(behind)
            });
        end.is_some_and(|end| {
            end.len() > 1 && !self.tenants.contains(end) && self.is_rest(schema, end)
        })
    }

    /// Whether `end` is what is left of the schema's name without its first words, or without
    /// what the names of all tenants begin with.
    fn is_rest(&self, schema: &str, end: &str) -> bool {
        let rests = schema.char_indices().filter(|(at, _)| {
            let rest = schema.get(*at..).unwrap_or_default();
            bare(rest) == end
        });
        let mut begins = rests.filter_map(|(at, next)| Some((schema.get(..at)?, next)));
        begins.any(|(begin, next)| {
            let is_of_word = |before: char| {
                before.is_alphabetic() && next.is_alphabetic()
                    || before.is_ascii_digit() && next.is_ascii_digit()
            };
            let is_inside = begin.chars().next_back().is_some_and(is_of_word);
            !is_inside || self.all_begin_with(&bare(begin))
        })
    }

    fn all_begin_with(&self, begin: &str) -> bool {
        let mut tenants = self.tenants.iter();
        self.tenants.len() > 1 && tenants.all(|name| name.starts_with(begin))
    }
}

/// Whether the schema's name has a place in the name of an object, or of its table.
pub(super) fn is_named(name: &ObjectName) -> bool {
    has_name(&name.name) || name.table.as_deref().is_some_and(has_name)
}

/// The name of an object in the schema `schema`.
pub(super) fn filled_name(name: &ObjectName, schema: &str) -> ObjectName {
    if !is_named(name) {
        return name.clone();
    }
    ObjectName {
        kind: name.kind,
        table: name
            .table
            .as_deref()
            .map(|table| cut(&filled(table, schema))),
        name: match name.kind {
            // Its types stand behind it.
            ObjectKind::Function => filled(&name.name, schema),
            _ => cut(&filled(&name.name, schema)),
        },
    }
}

/// As much of a name as PostgreSQL keeps.
pub(super) fn cut(name: &str) -> String {
    sql_text::beginning(name, sql_text::MAX_NAME).to_owned()
}
