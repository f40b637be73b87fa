//! Objects that may be renamed and changed as well: only people can decide.

use std::collections::BTreeSet;

use crate::shape::Shape;
use crate::shape::difference::{Change, Difference};
use crate::shape::mend::{Mending, without_modifiers};
use crate::shape::object::{Aspect, ObjectKind, ObjectName};

/// Leaves to people what may be the same under two names: a column that is missing and
/// one of its type that should not be there; a table that is missing and one with most
/// of its columns. An empty one in its place would hide where the values are.
pub(in crate::shape) fn hold_back(expected: &Shape, found: &Shape, differences: &mut [Difference]) {
    let of = |change: &Change| {
        let these = differences.iter().filter(|it| it.change == *change);
        these.map(|it| it.object.clone()).collect::<Vec<_>>()
    };
    let (missing, extra) = (of(&Change::Missing), of(&Change::Extra));
    let pairs = missing.iter().flat_map(|one| {
        let others = extra.iter();
        let others = others.filter(move |other| may_be((expected, one), (found, other)));
        others.map(move |other| (one, other))
    });
    let pairs = pairs.collect::<Vec<_>>();
    for difference in differences {
        let name = &difference.object;
        if difference.change == Change::Extra && name.kind == ObjectKind::Table {
            let whole = expected.objects.keys();
            let whole = whole.filter(|it| is_partitioned(expected, it));
            // A part has all columns of the whole.
            let whole = whole.filter(|it| columns(expected, it).is_subset(&columns(found, name)));
            let whole = whole.collect::<Vec<_>>();
            note(difference, "possibly a former part of", &whole);
            if !whole.is_empty() {
                continue;
            }
        }
        let name = &difference.object;
        let others = match difference.change {
            Change::Missing => pairs.iter().filter(|(one, _)| *one == name).map(|it| it.1),
            Change::Extra => {
                let ones = pairs.iter().filter(|(_, other)| *other == name);
                let ones = ones.map(|it| it.0).collect::<Vec<_>>();
                note(difference, "possibly renamed from", &ones);
                continue;
            }
            _ => continue,
        };
        let others = others.collect::<Vec<_>>();
        note(difference, "possibly renamed to", &others);
    }
}

fn is_partitioned(shape: &Shape, table: &ObjectName) -> bool {
    let definition = shape.get(table).and_then(|it| it.fact(Aspect::Definition));
    table.kind == ObjectKind::Table
        && definition.is_some_and(|text| text.starts_with("PARTITION BY"))
}

/// Whether a table was a partition, and is none any more.
pub(super) fn is_detached(one: Option<&str>, other: Option<&str>) -> bool {
    other.is_none() && one.is_some_and(|text| text.starts_with("PARTITION OF"))
}

/// Whether a column has one candidate that stands in another place than it should, while
/// there are more that it may be.
pub(super) fn is_doubtful(
    (expected, name): (&Shape, &ObjectName),
    found: &Shape,
    candidates: &[&ObjectName],
    extra: &[&ObjectName],
) -> bool {
    let place = |shape: &Shape, name: &ObjectName| shape.get(name).map(|it| it.place);
    let is_in_place = |other: &&&ObjectName| place(found, other) == place(expected, name);
    let [one] = candidates else {
        return false;
    };
    let now = ObjectName {
        table: one.table.clone(),
        ..name.clone()
    };
    let others = extra.iter().filter(|other| {
        (other.kind, &other.table) == (now.kind, &now.table)
            && kind(expected, name).map(|it| Some(it) == kind(found, other)) == Some(true)
    });
    name.kind == ObjectKind::Column
        && candidates.iter().find(is_in_place).is_none()
        && others.count() > 1
}

/// Says what a difference may be, and leaves it to people.
pub(in crate::shape) fn note(difference: &mut Difference, before: &str, others: &[&ObjectName]) {
    if others.is_empty() {
        return;
    }
    let others = others.iter().map(|it| format!("`{}`", it.name));
    let others = others.collect::<Vec<_>>().join(" or ");
    difference.note = Some(format!("{before} {others}"));
    difference.mending = Mending::ByHand;
    difference.statements.clear();
    difference.core.clear();
}

/// Whether one can be the other under another name.
pub(super) fn may_be(
    (expected, one): (&Shape, &ObjectName),
    (found, other): (&Shape, &ObjectName),
) -> bool {
    if (one.kind, &one.table) != (other.kind, &other.table) {
        return false;
    }
    match one.kind {
        ObjectKind::Column => {
            let kind = kind(expected, one);
            kind.is_some() && kind == self::kind(found, other)
        }
        ObjectKind::Table => {
            let (should, is) = (columns(expected, one), columns(found, other));
            let common = should.intersection(&is).count();
            common > 0 && common * 2 >= should.len()
        }
        _ => false,
    }
}

/// The names and kinds of a table's columns.
fn columns(shape: &Shape, table: &ObjectName) -> BTreeSet<(String, String)> {
    let columns = shape.columns();
    let columns = columns.filter(|(of, _, _)| *of == table.name);
    let columns = columns.map(|(_, name, kind)| (name.to_owned(), family(kind)));
    columns.collect()
}

pub(super) fn kind(shape: &Shape, column: &ObjectName) -> Option<String> {
    let kind = shape.get(column)?.fact(Aspect::Type)?;
    Some(family(kind))
}

/// A type without what is in parentheses. Texts of all kinds are one.
fn family(kind: &str) -> String {
    let kind = without_modifiers(kind);
    let (element, array) = kind.split_at(kind.find('[').unwrap_or(kind.len()));
    match element {
        "character varying" | "character" => format!("text{array}"),
        _ => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_kinds_are_of_one_family() {
        for (kind, of) in [
            ("character varying(20)", "text"),
            ("character(3)[]", "text[]"),
            ("text[]", "text[]"),
            ("numeric(10,2)", "numeric"),
            (
                "timestamp(3) without time zone",
                "timestamp without time zone",
            ),
            ("interval day to second(3)", "interval"),
        ] {
            assert_eq!(family(kind), of);
        }
    }
}
