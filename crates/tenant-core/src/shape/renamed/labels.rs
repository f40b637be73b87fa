//! Labels of enums that were renamed.
//!
//! A label keeps its place when it is renamed, and defaults, views and rows follow it. So one
//! that has another label under its old name is known as a column is: by its place, and where
//! a label added before it would stand there as well, by what refers to it.

use super::Renames;
use crate::shape::Shape;
use crate::shape::difference::{Change, Difference};
use crate::shape::mend::{self, Mending};
use crate::shape::object::{Aspect, ObjectName};
use crate::shape::varying::varies;

/// A label of an enum, as constants.
#[derive(Debug, Clone)]
pub(super) struct Label {
    /// The enum, as it should be called.
    pub(super) of: ObjectName,
    pub(super) expected: String,
    pub(super) found: String,
    /// Whether another label has its name.
    pub(super) is_shadowed: bool,
}

/// The labels that stand where others should, of an enum that lacks and has no others.
pub(super) fn labels_instead(should: &str, is: &str) -> Option<Vec<(String, String)>> {
    let (should, is) = (mend::labels(should), mend::labels(is));
    let pairs = should
        .iter()
        .zip(&is)
        .filter(|(one, other)| one != other && !varies(one));
    let pairs = pairs.map(|(one, other)| (one.clone(), other.clone()));
    let pairs = pairs.collect::<Vec<_>>();
    let are_new = pairs
        .iter()
        .all(|(one, other)| !is.contains(one) && !should.contains(other));
    (should.len() == is.len() && are_new).then_some(pairs)
}

/// The labels that stand where others should, which are elsewhere; and whether no label that
/// was only added would stand there.
fn beside(should: &str, is: &str) -> Option<(Vec<(String, String)>, bool)> {
    let (should, is) = (mend::labels(should), mend::labels(is));
    let pairs = should.iter().zip(&is);
    let pairs = pairs.filter(|(one, other)| one != other);
    let pairs = pairs.collect::<Vec<_>>();
    let are_known = !should.iter().any(|it| varies(it));
    if !are_known || should.iter().any(|it| !is.contains(it)) {
        return None;
    }
    let owned = |pairs: &[(&String, &String)]| {
        let pairs = pairs.iter();
        let pairs = pairs.map(|(one, other)| ((*one).clone(), (*other).clone()));
        pairs.collect::<Vec<_>>()
    };
    if let [(one, other), (back, name)] = pairs.as_slice()
        && should.len() == is.len()
        && (one, other) == (name, back)
    {
        return Some((owned(&pairs), false));
    }
    let mut kept = is.iter().filter(|it| should.contains(it));
    let is_sure = !should.iter().all(|it| kept.next() == Some(it));
    let of_new = pairs.iter().filter(|(_, other)| !should.contains(other));
    let of_new = of_new.copied().collect::<Vec<_>>();
    let are_all = of_new.len() == pairs.len();
    (!of_new.is_empty()).then(|| (owned(&of_new), is_sure && are_all))
}

impl Renames {
    /// The labels that are renamed, of enums that may have another name as well.
    pub(super) fn labels(&self, expected: &Shape, found: &Shape) -> Vec<Label> {
        let labels = expected.objects.iter().filter_map(|(name, object)| {
            let should = object.fact(Aspect::Labels)?;
            let is = found.get(&self.now(name))?.fact(Aspect::Labels)?;
            let pairs = labels_instead(should, is)?.into_iter();
            Some(pairs.map(|(expected, found)| Label {
                of: name.clone(),
                expected,
                found,
                is_shadowed: false,
            }))
        });
        let plain = labels.flatten().collect();
        let without = Self {
            labels: plain,
            ..self.clone()
        };
        let shadowed = expected.objects.iter().flat_map(|(name, object)| {
            let should = object.fact(Aspect::Labels);
            let is = found.get(&self.now(name));
            let is = is.and_then(|it| it.fact(Aspect::Labels));
            let beside = should.zip(is).and_then(|(should, is)| beside(should, is));
            let Some((pairs, is_sure)) = beside else {
                return Vec::new();
            };
            let labels = pairs.into_iter().map(|(expected, found)| Label {
                of: name.clone(),
                expected,
                found,
                is_shadowed: true,
            });
            let labels = labels.collect::<Vec<_>>();
            let is_known = is_sure || without.are_followed(&labels, expected, found);
            if is_known { labels } else { Vec::new() }
        });
        let shadowed = shadowed.collect::<Vec<_>>();
        without.labels.into_iter().chain(shadowed).collect()
    }

    /// Whether what refers to these labels has followed them to their names now.
    fn are_followed(&self, labels: &[Label], expected: &Shape, found: &Shape) -> bool {
        let mut with = self.clone();
        with.labels.extend(labels.iter().cloned());
        let mut have_followed = false;
        for (name, object) in &expected.objects {
            let there = found.get(&self.now(name));
            let is_about = !labels.iter().any(|it| it.of == *name);
            let Some(there) = there.filter(|_| is_about && !with.says_the_same(name, object))
            else {
                continue;
            };
            let is_same =
                |renames: &Self| renames.has_same_facts((expected, name, object), (found, there));
            if is_same(self) {
                return false;
            }
            have_followed |= is_same(&with);
        }
        have_followed
    }

    /// Whether these are the labels `now` of the enum, and those that have the names of
    /// renamed ones.
    pub(super) fn is_with_successors(&self, of: &ObjectName, now: &str, is: &str) -> bool {
        let now = mend::labels(now);
        let labels = self.labels.iter();
        let labels = labels.filter(|it| it.of == *of && it.is_shadowed);
        let successors = labels.map(|it| &it.expected).collect::<Vec<_>>();
        let mut others = mend::labels(is);
        others.retain(|it| now.contains(it) || !successors.contains(&it));
        !successors.is_empty() && others == now
    }

    /// The labels that are renamed, as differences.
    pub(super) fn differences_of_labels(&self) -> impl Iterator<Item = Difference> + '_ {
        self.labels.iter().map(|label| {
            let (expected, found) = (label.expected.clone(), label.found.clone());
            let rename = mend::rename_label(&self.now(&label.of), &found, &expected);
            let (change, statements) = if label.is_shadowed {
                (Change::ShadowedLabel { expected, found }, Vec::new())
            } else {
                (Change::RenamedLabel { expected, found }, vec![rename])
            };
            Difference {
                object: label.of.clone(),
                change,
                mending: Mending::ByHand,
                statements,
                core: Vec::new(),
                note: None,
                is_of_name: false,
                is_blocked: false,
            }
        })
    }
}
