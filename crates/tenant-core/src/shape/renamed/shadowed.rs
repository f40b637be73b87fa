//! What was renamed, and has another object under its old name: both are there, and by
//! their names nothing is missing.
//!
//! Views, keys, defaults and indexes follow an object and not its name. So what refers to
//! the renamed object proves which of the two it is, and so does a column's place. Pointed
//! to the other one, a view would show an empty column, and the values would be in one that
//! seems to be superfluous.

use std::collections::BTreeSet;

use super::{Renames, is_relation, places};
use crate::shape::Shape;
use crate::shape::compare::is_added_partition;
use crate::shape::difference::{Change, Difference};
use crate::shape::mend::Mending;
use crate::shape::normal::names;
use crate::shape::object::{Aspect, Object, ObjectKind, ObjectName};

/// A column that has another name, while another one has its own; or a partition with another
/// name that was detached.
pub(in crate::shape) struct Shadowed {
    /// The name that it should have.
    pub(super) name: String,
    pub(super) now: ObjectName,
    /// Whether what has its name is another column that should be there.
    pub(super) is_exchanged: bool,
}

/// Two shapes, and what is known to be renamed so far.
struct Search<'a> {
    renames: &'a Renames,
    expected: &'a Shape,
    found: &'a Shape,
    /// What differs: the name that it should have, and what is known of it.
    differing: Vec<(&'a ObjectName, &'a Object)>,
}

/// An object that should be, the one that has its name, and one that it may be.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    name: &'a ObjectName,
    now: &'a ObjectName,
    other: &'a ObjectName,
}

/// The objects that are known to be another one than that of their name, with the names
/// that they have.
pub(super) fn more(
    renames: &Renames,
    expected: &Shape,
    found: &Shape,
) -> Vec<(ObjectName, ObjectName)> {
    let differing = expected.objects.iter().filter(|(name, object)| {
        let there = found.get(&renames.now(name));
        there.is_none_or(|there| there.facts != object.facts)
    });
    let search = Search {
        renames,
        expected,
        found,
        differing: differing.collect(),
    };
    let known = expected.objects.keys().map(|name| renames.now(name));
    let known = known.collect::<BTreeSet<_>>();
    let mut pairs = Vec::<(ObjectName, ObjectName)>::new();
    for name in expected.objects.keys().filter(|it| can_be(it.kind)) {
        let now = renames.now(name);
        if renames.objects.contains_key(name) || found.get(&now).is_none() {
            continue;
        }
        if name.kind != ObjectKind::Column && !search.differs_about(name) {
            continue;
        }
        let others = found.objects.keys().filter(|other| {
            (other.kind, &other.table) == (now.kind, &now.table)
                && **other != now
                && !pairs.iter().any(|(_, it)| it == *other)
        });
        let proven = others.filter(|other| {
            let candidate = Candidate {
                name,
                now: &now,
                other,
            };
            let is_extra = !known.contains(*other)
                && !is_added_partition(expected, found, other)
                && !expected.leeway.has_others_like(other);
            search.is_proven(candidate, is_extra)
        });
        if let [other] = proven.collect::<Vec<_>>().as_slice() {
            pairs.push((name.clone(), (*other).clone()));
        }
    }
    search.with_their_places(pairs)
}

/// Whether something can refer to an object of this kind that does not follow its name.
fn can_be(kind: ObjectKind) -> bool {
    use ObjectKind::{Column, Function, MaterializedView, Sequence, Table, Type, View};
    matches!(
        kind,
        Column | Function | MaterializedView | Sequence | Table | Type | View
    )
}

impl Search<'_> {
    fn is_proven(&self, candidate: Candidate<'_>, is_extra: bool) -> bool {
        match candidate.name.kind {
            ObjectKind::Column => self.is_proven_column(candidate, is_extra),
            _ => {
                // The two names may also have been swapped.
                let is_free = is_extra || self.is_swapped(candidate);
                is_free
                    && self.is_like(candidate)
                    && self.has_proof(candidate)
                    && !self.has_contradiction(candidate)
            }
        }
    }

    /// A column keeps its place, and a new one comes behind all others.
    fn is_proven_column(&self, candidate: Candidate<'_>, is_extra: bool) -> bool {
        let place = |shape: &Shape, name: &ObjectName| shape.get(name).map(|it| it.place);
        let wanted = place(self.expected, candidate.name);
        let now = place(self.found, candidate.now);
        if wanted == now {
            return false;
        }
        let is_in_place = place(self.found, candidate.other) == wanted;
        if !is_in_place {
            return is_extra && self.has_proof(candidate) && !self.has_contradiction(candidate);
        }
        if !is_extra && self.is_exchanged(candidate) {
            return true;
        }
        let table = table_of(candidate.name);
        let others = super::columns_of(self.expected, &table);
        let others = others.filter(|it| *it != candidate.name);
        let with = self.with(candidate);
        let (mut last, mut are_in_place) = (wanted, true);
        for column in others {
            let place = place(self.expected, column);
            last = last.max(place);
            let there = self.found.get(&with.now(column)).map(|it| it.place);
            are_in_place &= there.is_none() || there == place;
        }
        // One that was there before, under another name, leaves others in other places.
        let is_new = is_extra && now > last && are_in_place;
        self.has_proof(candidate)
            || is_new && self.is_of_its_kind(candidate) && !self.has_contradiction(candidate)
    }

    /// Whether it can be the column, whatever default or NOT NULL it has: the place says which
    /// one it is.
    fn is_of_its_kind(&self, candidate: Candidate<'_>) -> bool {
        let kind = super::alike::kind;
        self.is_like(candidate)
            || kind(self.expected, candidate.name) == kind(self.found, candidate.other)
    }

    /// Whether two columns have each other's name: each stands in the place of the other one,
    /// and nothing says that only their order is another one.
    fn is_exchanged(&self, candidate: Candidate<'_>) -> bool {
        let mut expected = self.expected.objects.keys();
        let partner = expected.find(|it| self.renames.now(it) == *candidate.other);
        let Some(partner) = partner else {
            return false;
        };
        let with = self.with(candidate);
        let fits = |renames: &Renames, name: &ObjectName, there: &ObjectName| {
            let (one, other) = (self.expected.get(name), self.found.get(there));
            one.zip(other).is_some_and(|(one, other)| {
                renames.has_same_facts((self.expected, name, one), (self.found, other))
            })
        };
        let has = |aspect: Aspect, name: &ObjectName, there: &ObjectName| {
            let fact =
                |object: Option<&Object>| object.map(|it| it.fact(aspect).map(str::to_owned));
            fact(self.expected.get(name)) == fact(self.found.get(there))
        };
        let (now, other) = (candidate.now, candidate.other);
        let crosswise = (candidate.name, other, partner, now);
        let straight = (candidate.name, now, partner, other);
        let both = |(one, there, two, other), is: &dyn Fn(&ObjectName, &ObjectName) -> bool| {
            is(one, there) && is(two, other)
        };
        let are_swapped = both(crosswise, &|name, there| fits(&with, name, there));
        let are_as_named = both(straight, &|name, there| fits(self.renames, name, there));
        let have_types = both(crosswise, &|name, there| has(Aspect::Type, name, there));
        // A comment goes with its column.
        let have_comments = both(straight, &|name, there| has(Aspect::Comment, name, there))
            && !both(crosswise, &|name, there| has(Aspect::Comment, name, there));
        let back = Candidate {
            name: partner,
            now: other,
            other: now,
        };
        places::are_exchanged(self.expected, self.found, (candidate.name, partner))
            && (are_swapped || !are_as_named && have_types)
            && !have_comments
            && !self.has_contradiction(candidate)
            && !self.has_contradiction(back)
    }

    /// The same with the columns whose names these have, each as the one that is in its place.
    fn with_their_places(
        &self,
        mut pairs: Vec<(ObjectName, ObjectName)>,
    ) -> Vec<(ObjectName, ObjectName)> {
        let mut at = 0;
        while let Some((name, other)) = pairs.get(at).cloned() {
            at += 1;
            if name.kind != ObjectKind::Column {
                continue;
            }
            let mut expected = self.expected.objects.iter();
            let robbed = expected.find(|(it, _)| self.renames.now(it) == other);
            let robbed = robbed.filter(|(it, _)| !pairs.iter().any(|(known, _)| known == *it));
            if let Some((robbed, object)) = robbed {
                let table = table_of(&other);
                let mut there = super::columns_of(self.found, &table);
                let there = there.find(|it| {
                    let place = self.found.get(it).map(|it| it.place);
                    place == Some(object.place) && !pairs.iter().any(|(_, other)| other == *it)
                });
                pairs.extend(there.map(|there| (robbed.clone(), there.clone())));
            }
        }
        pairs
    }

    /// With all that is in the place of a column taken for that column: a view can read
    /// several of them.
    fn with(&self, candidate: Candidate<'_>) -> Renames {
        let mut with = self.renames.clone();
        if let (ObjectKind::Column, Some(_)) = (candidate.name.kind, &candidate.name.table) {
            let table = table_of(candidate.name);
            for column in super::columns_of(self.expected, &table) {
                let now = self.renames.now(column);
                let place = self.expected.get(column).map(|it| it.place);
                let table = table_of(&now);
                let mut there = super::columns_of(self.found, &table);
                let there = there.find(|it| self.found.get(it).map(|it| it.place) == place);
                if let Some(there) = there.filter(|there| **there != now) {
                    with.objects.entry(column.clone()).or_insert(there.clone());
                }
            }
        }
        with.objects
            .insert(candidate.name.clone(), candidate.other.clone());
        with
    }

    /// Whether something that refers to the object under its old name refers to the other
    /// one now.
    fn has_proof(&self, candidate: Candidate<'_>) -> bool {
        let with = self.with(candidate);
        let mut differing = self.differing.iter();
        differing.any(|(of, object)| {
            let hangs = of.table.as_ref() == Some(&candidate.name.name);
            let is_with_table =
                is_relation(candidate.name) && hangs && is_named_in_schema(of, object);
            if !is_with_table && !self.refers_to(of, object, candidate.name) {
                return false;
            }
            let is_same = |renames: &Renames| {
                let there = self.found.get(&renames.now(of));
                there.is_some_and(|there| {
                    renames.has_same_facts((self.expected, of, object), (self.found, there))
                })
            };
            is_same(&with) && !is_same(self.renames)
        })
    }

    /// Whether something differs that refers to the object, or hangs on it.
    fn differs_about(&self, name: &ObjectName) -> bool {
        let mut differing = self.differing.iter();
        differing.any(|(of, object)| {
            is_relation(name) && of.table.as_ref() == Some(&name.name)
                || self.refers_to(of, object, name)
        })
    }

    /// Whether something refers to the object that has its name now, as it should.
    fn has_contradiction(&self, candidate: Candidate<'_>) -> bool {
        let with = self.with(candidate);
        let mut objects = self.expected.objects.iter();
        objects.any(|(of, object)| {
            let hangs = of.table.as_ref() == Some(&candidate.name.name);
            let is_with_table = is_relation(candidate.name) && hangs;
            let counts = if is_with_table {
                is_named_in_schema(of, object)
            } else {
                self.refers_to(of, object, candidate.name)
            };
            let there = || self.found.get(&self.renames.now(of));
            counts
                && !is_of_names_only(of, object, candidate.name)
                && !with.says_the_same(of, object)
                && there().is_some_and(|there| {
                    let one = (self.expected, of, object);
                    self.renames.has_same_facts(one, (self.found, there))
                })
        })
    }

    /// Whether a text of another object names it.
    fn refers_to(&self, of: &ObjectName, object: &Object, name: &ObjectName) -> bool {
        let is_itself = of == name
            || of.kind == ObjectKind::Table && name.table.as_ref() == Some(&of.name)
            || of.kind == ObjectKind::Column
                && of.table == name.table
                && name.table.is_some()
                && object.fact(Aspect::Generated).is_none();
        let base = super::base(name);
        let mut facts = object.facts.iter().filter(|(aspect, _)| aspect.is_sql());
        !is_itself
            && facts.any(|(_, text)| match name.kind {
                ObjectKind::Column => {
                    text.contains(&base)
                        && self.renames.is_about(of, text, name)
                        && super::words::names_alone(text, &base)
                }
                _ => names(text, &base),
            })
    }

    /// Whether the other object matches the expected one except for its name.
    fn is_like(&self, candidate: Candidate<'_>) -> bool {
        let (one, other) = (
            (self.expected, candidate.name),
            (self.found, candidate.other),
        );
        match candidate.name.kind {
            ObjectKind::Table => super::alike::may_be(one, other),
            _ => self.renames.is_alike(one, other),
        }
    }

    /// Whether what has the other name should have the first one.
    fn is_swapped(&self, candidate: Candidate<'_>) -> bool {
        let mut expected = self.expected.objects.keys();
        let name = expected.find(|it| self.renames.now(it) == *candidate.other);
        name.is_some_and(|name| {
            let back = Candidate {
                name,
                now: candidate.other,
                other: candidate.now,
            };
            self.is_like(back) && self.has_proof(back) && !self.has_contradiction(back)
        })
    }
}

/// Whether it is a function that finds a column by its name when it runs, and not before.
fn is_of_names_only(of: &ObjectName, object: &Object, name: &ObjectName) -> bool {
    let definition = object.fact(Aspect::Definition);
    of.kind == ObjectKind::Function
        && name.kind == ObjectKind::Column
        && definition.is_some_and(|text| text.contains("AS $function"))
}

/// Whether its name is one that only one object of the schema can have, so that it stays
/// with the table when that is renamed.
fn is_named_in_schema(name: &ObjectName, object: &Object) -> bool {
    let nature = object.fact(Aspect::Nature);
    match name.kind {
        ObjectKind::Index | ObjectKind::Statistics => true,
        ObjectKind::Constraint => {
            matches!(nature, Some("primary key" | "unique" | "exclusion"))
        }
        _ => false,
    }
}

fn table_of(column: &ObjectName) -> ObjectName {
    ObjectName {
        kind: ObjectKind::Table,
        table: None,
        name: column.table.clone().unwrap_or_default(),
    }
}

/// Leaves to people what has to do with the objects that have another's name: they may
/// hold what was written since.
pub(in crate::shape) fn leave_alone(
    (successors, shadowed): (&[ObjectName], &[Shadowed]),
    found: &Shape,
    differences: &mut Vec<Difference>,
) {
    differences.retain(|it| it.change != Change::Extra || !successors.contains(&it.object));
    // What a partition had from the table that it was a part of is its own now.
    differences.retain(|it| {
        let mut tables = shadowed
            .iter()
            .filter(|one| one.now.kind == ObjectKind::Table);
        let is_on = |one: &Shadowed| it.object.table.as_ref() == Some(&one.now.name);
        it.change != Change::Extra || !tables.any(is_on)
    });
    for one in shadowed {
        for it in differences.iter_mut().filter(|it| it.object == one.now) {
            leave(it, format!("expected name `{}`", one.name));
        }
    }
    let exchanged = shadowed.iter().filter(|it| it.is_exchanged);
    let exchanged = exchanged.map(|it| &it.now);
    for successor in successors.iter().chain(exchanged) {
        let table = successor.table.as_deref().unwrap_or(&successor.name);
        let of = |it: &&mut Difference| {
            let is_on_table = it.object.table.as_deref() == Some(table);
            let mut statements = it.statements.iter();
            let has_name = statements.any(|sql| match successor.kind {
                ObjectKind::Column => {
                    (is_on_table || names(sql, table))
                        && super::words::names_alone(sql, &successor.name)
                }
                _ => names(sql, &super::base(successor)),
            });
            // What is on the other one goes with that.
            let definition = found
                .get(&it.object)
                .and_then(|it| it.fact(Aspect::Definition));
            let is_on_it = it.change == Change::Extra
                && successor.kind == ObjectKind::Column
                && is_on_table
                && definition.is_some_and(|text| super::words::names_alone(text, &successor.name));
            it.object != *successor && (has_name || is_on_it)
        };
        for it in differences.iter_mut().filter(|it| of(it)) {
            let kind = successor.kind.words();
            leave(
                it,
                format!("{kind} `{}` has the name of another {kind}", successor.name),
            );
        }
    }
}

fn leave(difference: &mut Difference, note: String) {
    difference.mending = Mending::ByHand;
    difference.statements.clear();
    difference.core.clear();
    difference.note = Some(note);
}
