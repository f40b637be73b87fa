//! Labels of enums that were renamed.

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
            }))
        });
        labels.flatten().collect()
    }

    /// The labels that are renamed, as differences.
    pub(super) fn differences_of_labels(&self) -> impl Iterator<Item = Difference> + '_ {
        self.labels.iter().map(|label| Difference {
            object: label.of.clone(),
            change: Change::RenamedLabel {
                expected: label.expected.clone(),
                found: label.found.clone(),
            },
            mending: Mending::ByHand,
            statements: vec![mend::rename_label(
                &self.now(&label.of),
                &label.found,
                &label.expected,
            )],
            core: Vec::new(),
            note: None,
            is_of_name: false,
            is_blocked: false,
        })
    }
}
