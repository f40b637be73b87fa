//! Holds one shape against another.

use std::borrow::Cow;

use super::Shape;
use super::by_default::ByDefault;
use super::difference::{AspectChange, Change, Difference};
use super::grants::Grants;
use super::mend::{self, Mending};
use super::normal::without_casts;
use super::object::{Aspect, Object, ObjectKind, ObjectName};

/// What of two shapes is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    /// A tenant with what the migrations make. Partitions that they do not make are
    /// no difference, since an application makes them as time goes on; nor are
    /// grants beyond theirs, unless they are everybody's. `grants` says whether
    /// grants are looked at: where another role owns the schema, that role's
    /// default privileges count, and nobody has tried those.
    WithMigrations { grants: bool },
    /// Everything.
    Everything,
}

/// How `found` differs from `expected`, in the order in which it can be mended.
pub(crate) fn compare(expected: &Shape, found: &Shape, compared: Compared) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (name, object) in &expected.objects {
        match found.get(name) {
            Some(there) => both(
                expected,
                found,
                (name, object, there),
                compared,
                &mut differences,
            ),
            None if goes_with_another(expected, found, name, object) => {}
            None => differences.push(Difference {
                object: name.clone(),
                change: Change::Missing,
                mending: mend::of_missing(name, object),
                statements: mend::create(expected, name),
            }),
        }
    }
    for (name, object) in &found.objects {
        let is_extra = expected.get(name).is_none()
            && !goes_with_another(found, expected, name, object)
            && !(compared != Compared::Everything && is_of_a_partition(found, name, object))
            && !expected.leeway.has_others_like(name);
        if is_extra {
            differences.push(Difference {
                object: name.clone(),
                change: Change::Extra,
                mending: Mending::Removes,
                statements: mend::drop(name, object),
            });
        }
    }
    for difference in &mut differences {
        difference.keep_to(&expected.leeway);
    }
    differences
}

/// How a tenant differs from what its migrations make.
pub(crate) fn compare_with_migrations(expected: &Shape, found: &Shape) -> Vec<Difference> {
    let grants = expected.owner == found.owner;
    let mut differences = compare(expected, found, Compared::WithMigrations { grants });
    leave_out_renamed_keys(expected, found, &mut differences);
    differences
}

/// Takes out the foreign keys that differ in a name of Citus' choice only: of one that
/// comes with a new column it leaves the column out, `tasks__fkey`, where PostgreSQL
/// says `tasks_list_fkey`.
fn leave_out_renamed_keys(expected: &Shape, found: &Shape, differences: &mut Vec<Difference>) {
    let is_key = |it: &Difference| it.object.kind == ObjectKind::Constraint;
    let renamed = differences.iter().filter(|it| {
        is_key(it) && matches!(it.change, Change::Extra) && it.object.name.contains("__fkey")
    });
    let renamed = renamed.map(|it| it.object.clone()).collect::<Vec<_>>();
    for name in renamed {
        let object = found.get(&name);
        let same = differences.iter().position(|it| {
            is_key(it)
                && matches!(it.change, Change::Missing)
                && it.object.table == name.table
                && expected.get(&it.object) == object
        });
        if let Some(same) = same {
            differences.remove(same);
            differences.retain(|it| it.object != name);
        }
    }
}

/// The difference that a tenant lacks the table called `table` of `expected`.
pub(crate) fn missing_table(expected: &Shape, table: &str) -> Option<Difference> {
    let name = table_name(table);
    let object = expected.get(&name)?;
    let mut difference = Difference {
        change: Change::Missing,
        mending: mend::of_missing(&name, object),
        statements: mend::create(expected, &name),
        object: name,
    };
    difference.keep_to(&expected.leeway);
    Some(difference)
}

fn table_name(table: &str) -> ObjectName {
    ObjectName {
        kind: ObjectKind::Table,
        table: None,
        name: table.to_owned(),
    }
}

/// Whether an object that only `one` has is there, or gone, because of a table or
/// column that only `one` has. A column goes with that of a table's parent.
fn goes_with_another(one: &Shape, other: &Shape, name: &ObjectName, object: &Object) -> bool {
    let only_here = |name: &ObjectName| one.get(name).is_some() && other.get(name).is_none();
    let owners = name.table.iter().flat_map(|table| {
        [
            ObjectKind::Table,
            ObjectKind::View,
            ObjectKind::MaterializedView,
        ]
        .map(|kind| ObjectName {
            kind,
            table: None,
            name: table.clone(),
        })
    });
    let inherited = inherited(one, name);
    if owners.chain(inherited).any(|owner| only_here(&owner)) {
        return true;
    }
    let owner = object.fact(Aspect::OwnedBy).and_then(mend::owning_column);
    owner.is_some_and(|(table, column)| {
        let of_table = table_name(&table);
        let of_column = ObjectName {
            kind: ObjectKind::Column,
            table: Some(table),
            name: column,
        };
        only_here(&of_table) || only_here(&of_column)
    })
}

/// The columns of a table's parents that the column `name` can be inherited from.
fn inherited(shape: &Shape, name: &ObjectName) -> Vec<ObjectName> {
    let table = name.table.as_deref();
    let table = table.filter(|_| name.kind == ObjectKind::Column);
    let table = table.and_then(|table| shape.get(&table_name(table)));
    let parents = table.and_then(|table| table.fact(Aspect::Partitioning));
    let parents = parents.map(mend::parents).unwrap_or_default();
    let column = |parent| ObjectName {
        table: Some(parent),
        ..name.clone()
    };
    parents.into_iter().map(column).collect()
}

fn is_of_a_partition(shape: &Shape, name: &ObjectName, object: &Object) -> bool {
    let is_partition = |table: &Object| {
        let part = table.fact(Aspect::Partitioning);
        part.is_some_and(|part| part.starts_with("PARTITION OF"))
    };
    let Some(table) = &name.table else {
        return name.kind == ObjectKind::Table && is_partition(object);
    };
    shape.get(&table_name(table)).is_some_and(is_partition)
}

/// The differences of an object that both have.
fn both(
    expected: &Shape,
    found: &Shape,
    (name, should, is): (&ObjectName, &Object, &Object),
    compared: Compared,
    differences: &mut Vec<Difference>,
) {
    let changes = changes(expected, found, name, (should, is));
    let is_invalid =
        |change: &AspectChange| name.kind == ObjectKind::Index && change.aspect == Aspect::Validity;
    let of_validity = changes.len() == 1
        && changes.iter().any(is_invalid)
        && should.fact(Aspect::Validity).is_none();
    if !changes.is_empty() {
        let (mending, statements) = mend::change((expected, found), name, (should, is), &changes);
        let change = if of_validity {
            Change::InvalidIndex
        } else {
            Change::Changed(changes.into_iter().map(AspectChange::displayed).collect())
        };
        differences.push(Difference {
            object: name.clone(),
            change,
            mending,
            statements,
        });
    }
    differences.extend(owner(found, name, (should, is)));
    if compared != (Compared::WithMigrations { grants: false }) {
        let by_default = &expected.leeway.by_default;
        differences.extend(grants(name, (should, is), compared, by_default));
    }
}

fn changes(
    expected: &Shape,
    found: &Shape,
    name: &ObjectName,
    (should, is): (&Object, &Object),
) -> Vec<AspectChange> {
    let aspects = should.facts.keys().chain(is.facts.keys());
    let mut aspects = aspects
        .filter(|aspect| aspect.is_of_the_shape())
        .collect::<Vec<_>>();
    aspects.sort_unstable();
    aspects.dedup();
    let changed = aspects.into_iter().filter_map(|aspect| {
        let (expected_text, found_text) = (should.fact(*aspect), is.fact(*aspect));
        let same = match (expected_text, found_text) {
            (Some(one), Some(other)) => is_same(expected, found, (name.kind, *aspect), one, other),
            (one, other) => one == other,
        };
        let leeway = &expected.leeway;
        let texts = (expected_text, found_text);
        let differs = !same && !leeway.fits((name, *aspect), found.schema(), texts);
        differs.then(|| AspectChange {
            aspect: *aspect,
            expected: expected_text.map(str::to_owned),
            found: found_text.map(str::to_owned),
        })
    });
    changed.collect()
}

/// Whether two texts mean the same.
///
/// Where a tenant is called like one of its tables, PostgreSQL's text does not tell
/// a column `tasks.title` from something in the schema `tasks`. Then both texts are
/// read as if they named that schema.
fn is_same(
    expected: &Shape,
    found: &Shape,
    (kind, aspect): (ObjectKind, Aspect),
    one: &str,
    other: &str,
) -> bool {
    if one == other {
        return true;
    }
    let both_read = |text: &str| {
        let text = found.own.normal(&expected.own.normal(text));
        canonical(kind, aspect, &text).into_owned()
    };
    aspect.is_sql() && both_read(one) == both_read(other)
}

/// A fact without what PostgreSQL itself changes when it reads its own text.
pub(super) fn canonical(kind: ObjectKind, aspect: Aspect, fact: &str) -> Cow<'_, str> {
    let may_hold_lists = matches!(aspect, Aspect::Definition | Aspect::Generated)
        && !matches!(kind, ObjectKind::Function | ObjectKind::Sequence);
    if may_hold_lists {
        Cow::Owned(without_casts(fact))
    } else {
        Cow::Borrowed(fact)
    }
}

/// A wrong owner. No owner among the facts means that of the schema.
fn owner(found: &Shape, name: &ObjectName, (should, is): (&Object, &Object)) -> Option<Difference> {
    let (wanted, owner) = (should.fact(Aspect::Owner), is.fact(Aspect::Owner));
    if wanted == owner || wanted == Some(&found.owner) && owner.is_none() {
        return None;
    }
    let wanted = wanted.unwrap_or(&found.owner);
    Some(Difference {
        object: name.clone(),
        change: Change::WrongOwner {
            owner: owner.unwrap_or(&found.owner).to_owned(),
            expected: wanted.to_owned(),
        },
        mending: Mending::Adds,
        statements: mend::set_owner(name, should, wanted),
    })
}

fn grants(
    name: &ObjectName,
    (should, is): (&Object, &Object),
    compared: Compared,
    by_default: &ByDefault,
) -> Vec<Difference> {
    let (should_have, have) = (
        Grants::from_fact(should.fact(Aspect::Grants)),
        Grants::from_fact(is.fact(Aspect::Grants)),
    );
    let missing = by_default.leave_out(name.kind, should_have.beyond(&have));
    let beyond = by_default.leave_out(name.kind, have.beyond(&should_have));
    let beyond = match compared {
        Compared::Everything => beyond,
        Compared::WithMigrations { .. } => beyond.of_everybody(),
    };
    let mut differences = Vec::new();
    if !missing.is_empty() {
        differences.push(Difference {
            object: name.clone(),
            change: Change::MissingGrants(missing.words().collect()),
            mending: Mending::Adds,
            statements: mend::grant(name, should, &missing),
        });
    }
    if !beyond.is_empty() {
        differences.push(Difference {
            object: name.clone(),
            change: Change::ExtraGrants(beyond.words().collect()),
            mending: Mending::Removes,
            statements: mend::revoke(name, should, &beyond),
        });
    }
    differences
}
