//! What is called after its schema, and follows when that gets another name.

use std::collections::{BTreeMap, BTreeSet};

use super::Shape;
use super::expectation::Expectation;
use super::forms::has_name;
use super::in_text::can_follow;
use super::leeway::{filled_name, is_named};
use super::mend;
use super::normal::rendered;
use super::object::{Aspect, ObjectName};
use super::renamed::base;
use crate::SchemaName;

impl Expectation {
    /// The statements that give what `found` has the names that the migrations give it in a
    /// schema called `to`, where it has those of a schema called `from`; for the schema
    /// `schema`, each time what belongs together. What hangs on a table comes before the
    /// table, so that they can run in this order.
    pub(crate) fn renames(
        &self,
        (from, to): (&str, &str),
        found: &Shape,
        schema: &SchemaName,
    ) -> Vec<Vec<String>> {
        let labels = self.labels((from, to), found);
        let objects = self.counterparts(from, to).into_iter().rev();
        let objects = objects.filter_map(|(old, new)| renaming(&old, &new, found));
        let all = labels.into_iter().chain(objects);
        let in_schema = |statements: Vec<String>| {
            let statements = statements.iter();
            let statements = statements.map(|it| rendered(it, schema.as_str()));
            statements.collect()
        };
        all.map(in_schema).collect()
    }

    /// The labels of enums that are called after the schema.
    fn labels(&self, (from, to): (&str, &str), found: &Shape) -> Vec<Vec<String>> {
        let mut renames = Vec::new();
        let (old, new) = (self.of(from), self.of(to));
        for (name, object) in self.template().objects.iter() {
            let is_of_name = object.fact(Aspect::Labels).is_some_and(has_name);
            let (before, after) = (filled_name(name, from), filled_name(name, to));
            let now = [&before, &after].into_iter().find(|name| found.has(name));
            let labels = |shape: &Shape, name: &ObjectName| {
                let fact = shape.get(name).and_then(|it| it.fact(Aspect::Labels));
                fact.map(mend::labels).unwrap_or_default()
            };
            let (Some(now), true) = (now, is_of_name) else {
                continue;
            };
            let there = labels(found, now);
            let pairs = labels(&old, &before);
            let pairs = pairs.iter().zip(labels(&new, &after));
            for (was, will) in pairs.filter(|(was, will)| **was != *will) {
                if there.contains(was) && !there.contains(&will) {
                    renames.push(vec![mend::rename_label(now, was, &will)]);
                }
            }
        }
        renames
    }

    /// What the names in a schema called `to` are in one called `from`.
    pub(super) fn names_before(&self, from: &str, to: &str) -> BTreeMap<ObjectName, ObjectName> {
        let pairs = self.counterparts(from, to).into_iter();
        pairs.map(|(old, new)| (new, old)).collect()
    }

    /// Whether an object is called after its schema.
    pub(crate) fn has_called(&self) -> bool {
        self.template().objects.iter().any(|(name, object)| {
            is_named(name) || object.fact(Aspect::Labels).is_some_and(has_name)
        })
    }
}

impl Shape {
    /// This copy of `original`, in which texts have the names of `to` already, with the texts
    /// of the original where they speak of an object that is renamed later: until then it
    /// is not there under its new name.
    pub(crate) fn before_renames(
        self,
        original: &Self,
        (from, to): (&str, &str),
        expected: &Expectation,
    ) -> Self {
        let counterparts = expected.counterparts(from, to);
        let later = counterparts
            .iter()
            .filter(|(old, _)| !can_follow(old.kind) && old.table.is_none() && original.has(old));
        let later = later.map(|(_, new)| base(new)).collect::<BTreeSet<_>>();
        let before = expected.names_before(from, to);
        let mut copy = Self::new(self.own.clone(), self.owner.clone());
        for (name, mut object) in self.objects {
            let old = before.get(&name).filter(|old| original.has(old));
            let old = original.get(old.unwrap_or(&name));
            for (aspect, fact) in &mut object.facts {
                if let Some(was) = old.and_then(|old| old.fact(*aspect))
                    && was != fact.as_str()
                    && later.iter().any(|name| fact.contains(name.as_str()))
                {
                    was.clone_into(fact);
                }
            }
            copy.insert(name, object);
        }
        copy
    }
}

/// The statements that rename what is called `old` and should be called `new`. Its table may
/// have its new name already.
fn renaming(old: &ObjectName, new: &ObjectName, found: &Shape) -> Option<Vec<String>> {
    if old.name == new.name {
        return None;
    }
    let in_new_table = ObjectName {
        table: new.table.clone(),
        ..old.clone()
    };
    let now = [old, &in_new_table]
        .into_iter()
        .find(|name| found.has(name))?;
    let target = ObjectName {
        name: new.name.clone(),
        ..now.clone()
    };
    if found.has(&target) {
        return None;
    }
    let statements = mend::rename(now, found.get(now)?, &base(new));
    (!statements.is_empty()).then_some(statements)
}
