//! Columns that stand in each other's place.
//!
//! A column keeps its place when it is renamed. One that was dropped and added again stands
//! behind all others, and in an adopted schema columns may stand in any order. So only an
//! exact exchange counts, with all other columns where they should be.

use std::collections::BTreeMap;

use crate::shape::Shape;
use crate::shape::compare::inherited;
use crate::shape::object::{ObjectKind, ObjectName};

/// Whether any two columns have exchanged their places.
pub(super) fn any_exchanged(expected: &Shape, found: &Shape) -> bool {
    let mut tables = BTreeMap::<&str, Vec<&ObjectName>>::new();
    for (name, object) in &expected.objects {
        let table = name.table.as_deref();
        let Some(table) = table.filter(|_| name.kind == ObjectKind::Column) else {
            continue;
        };
        if found.get(name).is_some_and(|it| it.place != object.place) {
            tables.entry(table).or_default().push(name);
        }
    }
    let mut tables = tables.values();
    tables.any(|moved| match moved.as_slice() {
        [one, other] => are_crosswise(expected, found, (one, other)),
        _ => false,
    })
}

/// Whether the two have exchanged their places, and are the only ones of their table that
/// stand in another place: those of a partition, as those of its parent.
pub(super) fn are_exchanged(
    expected: &Shape,
    found: &Shape,
    (one, other): (&ObjectName, &ObjectName),
) -> bool {
    let mut columns = expected.objects.iter();
    let are_only = columns.all(|(name, object)| {
        let is_of_table = name.kind == ObjectKind::Column && name.table == one.table;
        !is_of_table
            || name == one
            || name == other
            || found.get(name).is_none_or(|it| it.place == object.place)
    });
    let of_parents = inherited(expected, one).into_iter();
    let mut of_parents = of_parents.filter(|it| expected.get(it).is_some());
    are_only
        && one.table == other.table
        && are_crosswise(expected, found, (one, other))
        && of_parents.all(|parent| {
            let other = ObjectName {
                table: parent.table.clone(),
                ..other.clone()
            };
            are_exchanged(expected, found, (&parent, &other))
        })
}

fn are_crosswise(
    expected: &Shape,
    found: &Shape,
    (one, other): (&ObjectName, &ObjectName),
) -> bool {
    let place = |shape: &Shape, name: &ObjectName| shape.get(name).map(|it| it.place);
    let wanted = (place(expected, one), place(expected, other));
    wanted.0.is_some() && wanted.0 != wanted.1 && wanted == (place(found, other), place(found, one))
}
