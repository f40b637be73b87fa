//! Differences that must be fixed by hand before another one can be repaired: a statement for the
//! other one would only fail.

use sql_text::{stored, tokens};

use super::Shape;
use super::difference::{Change, Difference};
use super::mend::Mending;
use super::object::{Aspect, ObjectKind, ObjectName};

/// Leaves to people what cannot be repaired before something else is, and says what that is.
pub(super) fn note(expected: &Shape, found: &Shape, differences: &mut [Difference]) {
    let notes = differences.iter().map(|it| match &it.change {
        Change::Missing => of_name(expected, found, it),
        Change::Extra => of_owner(expected, found, it),
        Change::Changed(_) => {
            of_base_type(expected, it, differences).or_else(|| of_key(expected, found, it))
        }
        _ => None,
    });
    let notes = notes.collect::<Vec<_>>();
    for (difference, note) in differences.iter_mut().zip(notes) {
        if let Some(note) = note {
            difference.note = Some(note);
            difference.is_blocked = true;
            difference.mending = Mending::ByHand;
            difference.statements.clear();
            difference.core.clear();
        }
    }
}

/// Whether an object has its name in the list of relations, or in that of types.
fn lists(shape: &Shape, name: &ObjectName) -> (bool, bool) {
    use ObjectKind::{Constraint, Index, MaterializedView, Sequence, Table, Type, View};
    let nature = shape.get(name).and_then(|it| it.fact(Aspect::Nature));
    match name.kind {
        Table | View | MaterializedView => (true, true),
        Type => (nature == Some("composite"), true),
        Sequence | Index => (true, false),
        Constraint => (
            matches!(nature, Some("primary key" | "unique" | "exclusion")),
            false,
        ),
        _ => (false, false),
    }
}

/// Whether two objects of one schema, each from a different definition, cannot have the same name.
fn collide((one, name): (&Shape, &ObjectName), (other, there): (&Shape, &ObjectName)) -> bool {
    let is_same = (name.kind, &name.table) == (there.kind, &there.table);
    let (wanted, taken) = (lists(one, name), lists(other, there));
    name.name == there.name && !is_same && (wanted.0 && taken.0 || wanted.1 && taken.1)
}

/// That something of another kind has the name of what is missing.
fn of_name(expected: &Shape, found: &Shape, missing: &Difference) -> Option<String> {
    let mut there = found.objects.keys().filter(|it| expected.get(it).is_none());
    let there = there.find(|it| collide((expected, &missing.object), (found, it)))?;
    Some(format!("{there} has its name"))
}

/// That something has the name of what is missing.
fn of_owner(expected: &Shape, found: &Shape, extra: &Difference) -> Option<String> {
    let mut missing = expected.objects.keys().filter(|it| found.get(it).is_none());
    let missing = missing.find(|it| collide((expected, it), (found, &extra.object)))?;
    Some(format!("{missing} needs its name"))
}

/// That a generated column is computed from one whose type differs: its expression has casts
/// that depend on it.
fn of_base_type(
    expected: &Shape,
    generated: &Difference,
    differences: &[Difference],
) -> Option<String> {
    let Change::Changed(changes) = &generated.change else {
        return None;
    };
    let is_generation = |it: Aspect| it == Aspect::Generated;
    if !changes.iter().any(|it| is_generation(it.aspect)) {
        return None;
    }
    let object = expected.get(&generated.object)?;
    let expression = object.fact(Aspect::Generated)?;
    let mut bases = differences.iter().filter(|it| {
        let Change::Changed(changes) = &it.change else {
            return false;
        };
        let is_of_type = |it: Aspect| matches!(it, Aspect::Type | Aspect::Collation);
        it.object.kind == ObjectKind::Column
            && it.object.table == generated.object.table
            && it.object != generated.object
            && changes.iter().any(|it| is_of_type(it.aspect))
    });
    let is_named = |name: &str| {
        let mut words = tokens(expression).filter_map(|token| stored(&token));
        words.any(|word| word == name)
    };
    let base = bases.find(|it| is_named(&it.object.name))?;
    let name = &base.object.name;
    Some(format!("it is computed from `{name}`, which also differs"))
}

/// That a column may not be null because of a primary key that differs.
fn of_key(expected: &Shape, found: &Shape, column: &Difference) -> Option<String> {
    let Change::Changed(changes) = &column.change else {
        return None;
    };
    let mut of_null = changes.iter().filter(|it| it.aspect == Aspect::NotNull);
    let is_opened = of_null.any(|it| it.expected.is_none() && it.found.is_some());
    let mut keys = found.objects.iter().filter(|(name, object)| {
        let definition = object.fact(Aspect::Definition).unwrap_or_default();
        let mut words = tokens(definition).filter_map(|token| stored(&token));
        name.kind == ObjectKind::Constraint
            && name.table == column.object.table
            && object.fact(Aspect::Nature) == Some("primary key")
            && words.any(|word| word == column.object.name)
    });
    let (key, object) = keys.find(|_| is_opened)?;
    let should = expected.get(key).and_then(|it| it.fact(Aspect::Definition));
    let differs = should != object.fact(Aspect::Definition);
    differs.then(|| format!("it belongs to {key}, which also differs"))
}
