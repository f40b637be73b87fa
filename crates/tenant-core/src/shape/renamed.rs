//! Renamed objects: missing objects and unexpected objects that differ only in the name.
//!
//! They are found kind by kind, repeatedly, because the parts of a renamed table only match once
//! the table's new name is put in. In the end the expected definition has the existing names, so
//! that the renaming causes no further differences.

mod alike;
mod labels;
mod places;
mod shadowed;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use sql_text::{ident, stored, tokens};

use super::Shape;
use super::difference::{Change, Difference};
use super::leeway::{Leeway, Others};
use super::mend::{self, Mending};
use super::normal::names;
use super::object::{Aspect, Object, ObjectKind, ObjectName};
pub(super) use alike::{hold_back, note};
use labels::{Label, labels_instead};
pub(super) use shadowed::{Shadowed, leave_alone};
use words::{Pair, Place, substituted, unified};

/// How often what is put in may show more.
const PASSES: usize = 5;

/// What has another name.
#[derive(Debug, Clone, Default)]
struct Renames {
    /// What should be, by its name, and the name that there is.
    objects: BTreeMap<ObjectName, ObjectName>,
    /// Those of them that have another object under their name.
    shadowed: BTreeSet<ObjectName>,
    labels: Vec<Label>,
}

/// Whether anything can be renamed where there are these differences: two columns can have
/// swapped their names, also without any.
pub(super) fn may_be_among(expected: &Shape, found: &Shape, differences: &[Difference]) -> bool {
    let is_extra = differences.iter().any(|it| it.change == Change::Extra);
    let is_changed = |it: &Difference| matches!(it.change, Change::Changed(_));
    is_extra
        || differences
            .iter()
            .any(|it| is_of_labels(it) || is_changed(it))
        || places::any_exchanged(expected, found)
}

fn is_of_labels(difference: &Difference) -> bool {
    match &difference.change {
        Change::Changed(changes) => changes.iter().any(|it| it.aspect == Aspect::Labels),
        _ => false,
    }
}

/// What is renamed, and what should be with the names that there are.
pub(super) struct PutIn {
    pub(super) expected: Shape,
    pub(super) renamed: Vec<Difference>,
    /// What has the name of something that was renamed.
    pub(super) successors: Vec<ObjectName>,
    /// What has another name and is left to people with all that differs in it.
    pub(super) shadowed: Vec<Shadowed>,
}

/// Finds what is renamed.
pub(super) fn put_in(expected: &Shape, found: &Shape) -> PutIn {
    let mut renames = Renames::default();
    for _ in 0..PASSES {
        renames.labels = renames.labels(expected, found);
        let mut more = shadowed::more(&renames, expected, found);
        renames
            .shadowed
            .extend(more.iter().map(|(name, _)| name.clone()));
        if more.is_empty() {
            more = renames.more(expected, found);
        }
        if more.is_empty() {
            break;
        }
        renames.objects.extend(more);
    }
    PutIn {
        renamed: renames.differences(found),
        successors: renames.successors(found),
        shadowed: renames.left_as_they_are(expected, found),
        expected: renames.applied(expected, found),
    }
}

impl Renames {
    /// What is seen to be renamed with these put in.
    fn more(&self, expected: &Shape, found: &Shape) -> Vec<(ObjectName, ObjectName)> {
        let known = expected
            .objects
            .keys()
            .map(|name| self.now(name))
            .collect::<BTreeSet<_>>();
        let extra = found.objects.keys().filter(|name| !known.contains(name));
        let mut extra = extra.collect::<Vec<_>>();
        extra.retain(|name| {
            !super::compare::is_added_partition(expected, found, name)
                && !expected.leeway.has_others_like(name)
        });
        let mut pairs = Vec::new();
        for name in expected.objects.keys() {
            let now = self.now(name);
            if found.get(&now).is_some() {
                continue;
            }
            let candidates = extra.iter().filter(|other| {
                other.kind == now.kind
                    && other.table == now.table
                    && self.is_alike((expected, name), (found, other))
            });
            let candidates = candidates.copied().collect::<Vec<_>>();
            if alike::is_doubtful((expected, name), found, &candidates, &extra) {
                continue;
            }
            if let Some(one) = the_one((expected, name), found, &candidates) {
                pairs.push((name.clone(), one.clone()));
            }
        }
        without_rivals(pairs)
    }

    /// Whether the two differ only in the name.
    fn is_alike(
        &self,
        (expected, name): (&Shape, &ObjectName),
        (found, other): (&Shape, &ObjectName),
    ) -> bool {
        let mut with = self.clone();
        with.objects.insert(name.clone(), other.clone());
        let is_same = |name: &ObjectName, other: &ObjectName| {
            let (one, other) = (expected.get(name), found.get(other));
            one.zip(other).is_some_and(|(one, other)| {
                with.has_same_facts((expected, name, one), (found, other))
            })
        };
        if name.kind != ObjectKind::Table {
            return is_same(name, other);
        }
        let columns = columns_of(expected, name).collect::<Vec<_>>();
        is_same(name, other)
            && columns.len() == columns_of(found, other).count()
            && columns
                .iter()
                .all(|column| is_same(column, &with.now(column)))
    }

    fn has_same_facts(
        &self,
        (expected, name, one): (&Shape, &ObjectName, &Object),
        (found, other): (&Shape, &Object),
    ) -> bool {
        let aspects = one.facts.keys().chain(other.facts.keys());
        let mut aspects = aspects.filter(|it| it.is_of_the_shape() && **it != Aspect::Comment);
        aspects.all(|aspect| match (one.fact(*aspect), other.fact(*aspect)) {
            (Some(text), Some(there)) if *aspect == Aspect::Labels => {
                let instead = labels_instead(text, there);
                let count = mend::labels(text).len();
                instead.is_some_and(|instead| instead.is_empty() || instead.len() < count)
            }
            (Some(text), Some(there)) => {
                let pairs = self.pairs(name, text);
                let text = in_one_order(name, unified(text, &pairs));
                let there = in_one_order(name, unified(there, &pairs));
                let texts = (Some(text.as_str()), Some(there.as_str()));
                super::compare::is_same(expected, found, (name.kind, *aspect), &text, &there)
                    || (expected.leeway).fits((name, *aspect), found.schema(), texts)
            }
            (one, other) if *aspect == Aspect::Partitioning => {
                one == other || alike::is_detached(one, other)
            }
            (one, other) => one == other,
        })
    }

    /// The name that the object called `name` in what should be has in what is.
    fn now(&self, name: &ObjectName) -> ObjectName {
        if let Some(found) = self.objects.get(name) {
            return found.clone();
        }
        let own = match name.kind {
            ObjectKind::Function => substituted(&name.name, &self.pairs(name, &name.name)),
            _ => name.name.clone(),
        };
        ObjectName {
            kind: name.kind,
            table: name.table.as_deref().map(|table| self.relation_now(table)),
            name: own,
        }
    }

    /// What has the name of something that was renamed, and is not renamed itself.
    fn successors(&self, found: &Shape) -> Vec<ObjectName> {
        let names = self.shadowed.iter().map(|name| ObjectName {
            table: name.table.as_deref().map(|table| self.relation_now(table)),
            ..name.clone()
        });
        let is_other = |name: &ObjectName| !self.objects.values().any(|it| it == name);
        names
            .filter(|name| found.get(name).is_some() && is_other(name))
            .collect()
    }

    /// The columns that something else has the name of, and what is no partition any more.
    fn left_as_they_are(&self, expected: &Shape, found: &Shape) -> Vec<Shadowed> {
        let part = |shape: &Shape, name: &ObjectName| {
            let part = shape.get(name)?.fact(Aspect::Partitioning)?;
            Some(part.to_owned())
        };
        let pairs = self.objects.iter();
        let pairs = pairs.filter(|(name, now)| {
            let (one, other) = (part(expected, name), part(found, now));
            name.kind == ObjectKind::Column && self.shadowed.contains(name)
                || alike::is_detached(one.as_deref(), other.as_deref())
        });
        let columns = pairs.map(|(name, now)| Shadowed {
            name: name.name.clone(),
            now: now.clone(),
            is_exchanged: self.shadowed.iter().any(|it| {
                let is_back = |back: &ObjectName| back.name == name.name;
                (&it.table, &it.name) == (&name.table, &now.name)
                    && self.objects.get(it).is_some_and(is_back)
            }),
        });
        columns.collect()
    }

    /// Whether what an object says is the same with the names that there are.
    fn says_the_same(&self, name: &ObjectName, object: &Object) -> bool {
        let mut facts = object.facts.iter().filter(|(aspect, _)| aspect.is_sql());
        facts.all(|(_, text)| {
            let now = substituted(text, &self.pairs(name, text));
            in_one_order(name, unified(&now, &[])) == in_one_order(name, unified(text, &[]))
        })
    }

    fn relation_now(&self, table: &str) -> String {
        let mut relations = self.objects.iter();
        let relation = relations.find(|(name, _)| is_relation(name) && name.name == table);
        relation.map_or_else(|| table.to_owned(), |(_, found)| found.name.clone())
    }

    /// What has another name of all that `text` of the object `of` can name.
    fn pairs(&self, of: &ObjectName, text: &str) -> Vec<Pair> {
        let objects = self.objects.iter().filter_map(|(name, found)| {
            let place = match name.kind {
                _ if is_relation(name) => Place::Anywhere,
                ObjectKind::Column if self.is_about(of, text, name) => Place::Bare,
                ObjectKind::Column => return None,
                kind if kind.is_named_alone() => (name == of).then_some(Place::Bare)?,
                _ => Place::Qualified,
            };
            Some(Pair {
                place,
                expected: base(name),
                found: base(found),
            })
        });
        let labels = self.labels.iter();
        let labels = labels.filter(|label| *of == label.of || names(text, &label.of.name));
        let labels = labels.map(|label| Pair {
            place: Place::Constant,
            expected: label.expected.clone(),
            found: label.found.clone(),
        });
        objects.chain(labels).collect()
    }

    /// Whether a text of the object `of` can mean the column `column`.
    fn is_about(&self, of: &ObjectName, text: &str, column: &ObjectName) -> bool {
        let Some(table) = &column.table else {
            return false;
        };
        let is_of_table = of.table.as_ref() == Some(table) || is_relation(of) && of.name == *table;
        is_of_table || names(text, table) || names(text, &self.relation_now(table))
    }

    /// `expected` with the names that there are.
    fn applied(&self, expected: &Shape, found: &Shape) -> Shape {
        let objects = expected.objects.iter().map(|(name, object)| {
            let now = self.now(name);
            let there = found.get(&now);
            let facts = object.facts.iter().map(|(aspect, text)| {
                let is = there.and_then(|it| it.fact(*aspect));
                (*aspect, self.text_now((name, *aspect), text, is))
            });
            let object = Object {
                place: object.place,
                facts: facts.collect(),
            };
            (now, object)
        });
        let objects = objects.collect();
        let named = expected.leeway.named.iter();
        let named = named.map(|(name, aspect)| (self.now(name), *aspect));
        let of = expected.leeway.objects.iter();
        let of = of.map(|of| {
            let table = of.table.as_deref().map(|table| self.relation_now(table));
            Others {
                table,
                ..of.clone()
            }
        });
        let leeway = Leeway {
            named: named.collect(),
            objects: of.collect(),
            ..expected.leeway.clone()
        };
        Shape {
            objects,
            leeway,
            ..expected.clone()
        }
    }

    /// A text with the names that there are: that which `is`, where they differ in
    /// nothing else.
    fn text_now(
        &self,
        (name, aspect): (&ObjectName, Aspect),
        text: &str,
        is: Option<&str>,
    ) -> String {
        if !aspect.is_sql() && aspect != Aspect::Labels {
            return text.to_owned();
        }
        let pairs = self.pairs(name, text);
        let unified = |text: &str| in_one_order(name, unified(text, &pairs));
        let same = is.filter(|is| unified(text) == unified(is));
        // A view's columns are called as those that it takes them from, unless it
        // says otherwise.
        let may_change = !matches!(name.kind, ObjectKind::View | ObjectKind::MaterializedView)
            || pairs.iter().all(|pair| pair.place != Place::Bare);
        match same {
            Some(is) => is.to_owned(),
            None if may_change => {
                let now = substituted(text, &pairs);
                let is = is.filter(|is| {
                    aspect == Aspect::Labels && self.is_with_successors(name, &now, is)
                });
                is.map_or(now, str::to_owned)
            }
            None => text.to_owned(),
        }
    }

    /// What is renamed, as differences: labels before their enum, and what hangs on a table
    /// before the table, so that the statements can be run in this order.
    fn differences(&self, found: &Shape) -> Vec<Difference> {
        let objects = self.objects.iter().rev();
        let objects = objects.filter(|(name, now)| !self.comes_from_a_parent(found, name, now));
        let objects = objects.filter_map(|(name, now)| {
            let (expected, there) = (name.name.clone(), now.name.clone());
            let statements = mend::rename(now, found.get(now)?, &base(name));
            let (change, statements) = if self.shadowed.contains(name) {
                let found = there;
                (Change::Shadowed { expected, found }, Vec::new())
            } else {
                let found = there;
                (Change::Renamed { expected, found }, statements)
            };
            Some(Difference {
                object: name.clone(),
                change,
                mending: Mending::ByHand,
                statements,
                core: Vec::new(),
                note: None,
                is_of_name: false,
                is_blocked: false,
            })
        });
        let labels = self.differences_of_labels();
        labels.chain(objects).collect()
    }

    /// Whether a column has its name from the column of a parent.
    fn comes_from_a_parent(&self, found: &Shape, name: &ObjectName, now: &ObjectName) -> bool {
        let parents = super::compare::inherited(found, now).into_iter();
        let mut parents = parents.filter(|parent| found.get(parent).is_some());
        name.kind == ObjectKind::Column
            && parents.any(|parent| self.objects.values().any(|it| *it == parent))
    }
}

/// What statistics are of in one order, whatever the columns are called.
fn in_one_order(name: &ObjectName, text: String) -> String {
    let list = text.split_once(" ON ").and_then(|(before, rest)| {
        let (list, after) = rest.rsplit_once(" FROM ")?;
        Some((before, list, after))
    });
    match list {
        Some((before, list, after)) if name.kind == ObjectKind::Statistics => {
            let mut items = list.split(" , ").collect::<Vec<_>>();
            items.sort_unstable();
            format!("{before} ON {} FROM {after}", items.join(" , "))
        }
        _ => text,
    }
}

/// Of several that are alike, the one in the same place: a column keeps it when it is
/// renamed. What holds no values is alike in all that counts.
fn the_one<'a>(
    (expected, name): (&Shape, &ObjectName),
    found: &Shape,
    candidates: &[&'a ObjectName],
) -> Option<&'a ObjectName> {
    match candidates {
        [] => None,
        [one] => Some(one),
        [one, ..] if name.kind.is_named_alone() || name.kind == ObjectKind::Statistics => Some(one),
        several => {
            let place = expected.get(name)?.place;
            let mut there = several.iter().filter(|it| {
                name.kind == ObjectKind::Column && found.get(it).is_some_and(|it| it.place == place)
            });
            there.next().copied()
        }
    }
}

/// Without those that two objects are said to have become. Of what holds no values,
/// the first is it.
fn without_rivals(pairs: Vec<(ObjectName, ObjectName)>) -> Vec<(ObjectName, ObjectName)> {
    let count = |found: &ObjectName| pairs.iter().filter(|(_, it)| it == found).count();
    let is_first = |at: usize, found: &ObjectName| {
        let mut before = pairs.iter().take(at);
        found.kind.is_named_alone() && !before.any(|(_, it)| it == found)
    };
    let kept = pairs
        .iter()
        .enumerate()
        .filter(|(at, (_, found))| count(found) == 1 || is_first(*at, found));
    kept.map(|(_, pair)| pair.clone()).collect()
}

fn columns_of<'a>(shape: &'a Shape, table: &'a ObjectName) -> impl Iterator<Item = &'a ObjectName> {
    let columns = shape.objects.keys();
    columns.filter(move |name| {
        name.kind == ObjectKind::Column && name.table.as_deref() == Some(&table.name)
    })
}

fn is_relation(name: &ObjectName) -> bool {
    name.kind.holds_others()
}

/// An object's name alone: a function's without its arguments.
pub(super) fn base(name: &ObjectName) -> String {
    if name.kind != ObjectKind::Function {
        return name.name.clone();
    }
    let first = tokens(&name.name).next();
    let first = first.as_ref().and_then(stored);
    first.unwrap_or_else(|| ident(&name.name))
}
