//! What a schema lacks of the objects with names that vary.

use super::Shape;
use super::compare::are_like;
use super::difference::{Change, Difference};
use super::mend::Mending;
use super::object::ObjectName;
use super::renamed;

/// Adds what is missing of the objects with names that vary, of which each run of the
/// migrations makes one. What is like it under another name may be it.
pub(super) fn add_lacking(expected: &Shape, found: &Shape, differences: &mut Vec<Difference>) {
    let mut lacking = Vec::new();
    for others in expected.leeway.objects.iter().filter(|it| it.is_one) {
        let is_told = |name: &ObjectName| {
            let mut extra = differences.iter().filter(|it| it.change == Change::Extra);
            others.form.certain() > 1 && extra.any(|it| it.object == *name)
        };
        let mut objects = found.objects.iter();
        let is_there = objects.any(|(name, object)| {
            others.fit(name)
                && (is_told(name)
                    || expected.get(name).is_some() && others.is_of_moment
                    || are_like(expected, found, others, (name, object)))
        });
        let table = others.table.as_deref();
        let goes_with_table = table.is_some_and(|table| !found.has_relation(table));
        if !is_there && !goes_with_table {
            lacking.push(others);
        }
    }
    for others in &lacking {
        for extra in differences.iter_mut() {
            let name = &extra.object;
            let is_of = extra.change == Change::Extra
                && (name.kind, &name.table) == (others.kind, &others.table);
            let object = found.get(name).filter(|_| is_of);
            if object.is_some_and(|it| are_like(expected, found, others, (name, it))) {
                renamed::note(extra, "possibly renamed from", &[&others.as_name()]);
            }
        }
    }
    differences.extend(lacking.into_iter().map(|others| Difference {
        object: others.as_name(),
        change: Change::MissingOne {
            made_at: others.made_at.clone(),
        },
        mending: Mending::ByHand,
        statements: Vec::new(),
        core: Vec::new(),
        note: None,
        is_of_name: false,
        is_blocked: false,
    }));
}
