//! Holds one shape against another.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Shape;
use super::by_default::ByDefault;
use super::chosen_name::is_chosen_by_citus;
use super::difference::{AspectChange, Change, Difference};
use super::grants::Grants;
use super::in_the_way;
use super::lacking::add_lacking;
use super::leeway::Others;
use super::mend::{self, Mending};
use super::normal::without_casts;
use super::object::{Aspect, Object, ObjectKind, ObjectName};
use super::of_role;
use super::renamed;

/// What of two shapes is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    /// A tenant with what the migrations create. These are not differences: partitions that the
    /// migrations do not create, and missing partitions that they do, because an application
    /// creates and drops partitions over time; storage parameters that the migrations do not set,
    /// because an operator tunes them; additional grants, except grants to `PUBLIC`. `grants` says
    /// whether grants are compared. If another role owns the schema, that role's default privileges
    /// apply, and no trial run knows them.
    WithMigrations { grants: bool },
    /// Everything.
    Everything,
}

/// How `found` differs from `expected`, in the order in which it can be repaired.
pub(crate) fn compare(expected: &Shape, found: &Shape, compared: Compared) -> Vec<Difference> {
    let mut differences = Vec::new();
    let nothing = Object::default();
    for (name, object) in &expected.objects {
        let there = found.get(name);
        let object = &*of_role::settled(object, there, &found.owner);
        match there.or_else(|| name.is_of_a_view_in(found).then_some(&nothing)) {
            Some(there) => both(
                expected,
                found,
                (name, object, there),
                compared,
                &mut differences,
            ),
            None if goes_with_another(expected, found, name, object) => {}
            None if compared != Compared::Everything
                && is_dropped_partition(expected, found, name) => {}
            // There may be that of another year or month.
            None if expected.leeway.is_of_moment(name) => {}
            None => differences.push(missing(expected, name, object, &found.owner)),
        }
    }
    for (name, object) in &found.objects {
        if expected.get(name).is_some() || goes_with_another(found, expected, name, object) {
            continue;
        }
        if name.is_of_a_view_in(expected) {
            both(
                expected,
                found,
                (name, &nothing, object),
                compared,
                &mut differences,
            );
        } else {
            differences.extend(extra(expected, found, (name, object), compared));
        }
    }
    add_lacking(expected, found, &mut differences);
    in_the_way::note(expected, found, &mut differences);
    for difference in &mut differences {
        difference.keep_to(&expected.leeway, &found.owner);
    }
    differences
}

/// What only `found` has, if that is a difference.
fn extra(
    expected: &Shape,
    found: &Shape,
    (name, object): (&ObjectName, &Object),
    compared: Compared,
) -> Option<Difference> {
    if compared != Compared::Everything && is_added_partition(expected, found, name) {
        return None;
    }
    let mut likely = expected.leeway.others_like(name).peekable();
    let may_be = likely.peek().is_some();
    if likely.any(|others| are_like(expected, found, others, (name, object))) {
        return None;
    }
    let extra = Difference {
        object: name.clone(),
        change: Change::Extra,
        mending: Mending::Removes,
        statements: mend::drop(name, object),
        core: Vec::new(),
        note: None,
        is_of_name: false,
        is_blocked: false,
    };
    Some(if may_be { extra.of_doubtful() } else { extra })
}

/// Whether an object is one of the objects with unpredictable names, in its definition too.
pub(super) fn are_like(
    expected: &Shape,
    found: &Shape,
    others: &Others,
    (name, object): (&ObjectName, &Object),
) -> bool {
    let changes = changes(
        (expected, found),
        name,
        (&others.object, object),
        Compared::WithMigrations { grants: false },
    );
    let columns = || {
        let columns = found.columns();
        let columns = columns.filter(|(table, _, _)| *table == name.name);
        let columns = columns.map(|(_, column, kind)| (column.to_owned(), kind.to_owned()));
        columns.collect::<BTreeMap<_, _>>()
    };
    changes.is_empty()
        && others
            .columns
            .as_ref()
            .is_none_or(|known| *known == columns())
}

fn missing(expected: &Shape, name: &ObjectName, object: &Object, owner: &str) -> Difference {
    let mut missing = Difference {
        object: name.clone(),
        change: Change::Missing,
        mending: mend::of_missing(name, object),
        statements: mend::create(expected, name),
        core: mend::create_core(expected, name),
        note: mend::why_by_hand(name, object).map(str::to_owned),
        is_of_name: false,
        is_blocked: false,
    };
    missing.keep_to(&expected.leeway, owner);
    missing
}

/// How a tenant differs from what its migrations make. What was renamed by hand is one
/// difference, and everything else is compared with the new name put in.
pub(crate) fn compare_with_migrations(expected: &Shape, found: &Shape) -> Vec<Difference> {
    let grants = expected.owner == found.owner;
    let compared = Compared::WithMigrations { grants };
    let differences = compare(expected, found, compared);
    if !renamed::may_be_among(expected, found, &differences) {
        return differences;
    }
    let put_in = renamed::put_in(expected, found);
    let (now_expected, mut all) = (put_in.expected, put_in.renamed);
    for difference in &mut all {
        difference.keep_to(&expected.leeway, &found.owner);
    }
    all.retain(|it| !is_renamed_by_citus(expected, it));
    let mut differences = compare(&now_expected, found, compared);
    let of = (put_in.successors.as_slice(), put_in.shadowed.as_slice());
    renamed::leave_alone(of, found, &mut differences);
    renamed::hold_back(&now_expected, found, &mut differences);
    all.extend(differences);
    all
}

/// Whether it is a foreign key that differs in a name of Citus' choice only.
fn is_renamed_by_citus(expected: &Shape, difference: &Difference) -> bool {
    let name = &difference.object;
    let (Change::Renamed { found, .. }, ObjectKind::Constraint) = (&difference.change, name.kind)
    else {
        return false;
    };
    let object = expected.get(name);
    let definition = object.and_then(|it| it.fact(Aspect::Definition));
    let key = name.table.as_deref().zip(definition);
    key.is_some_and(|key| is_chosen_by_citus(key, &name.name, found))
}

/// The difference that a tenant lacks the table called `table` of `expected`.
pub(crate) fn missing_table(expected: &Shape, table: &str) -> Option<Difference> {
    let name = table_name(table);
    let object = expected.get(&name)?;
    Some(missing(expected, &name, object, &expected.owner))
}

pub(super) fn table_name(table: &str) -> ObjectName {
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
pub(super) fn inherited(shape: &Shape, name: &ObjectName) -> Vec<ObjectName> {
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

/// Whether it is a partition that no migration makes, or hangs on one.
pub(super) fn is_added_partition(expected: &Shape, found: &Shape, name: &ObjectName) -> bool {
    let table = table_of(name);
    table
        .is_some_and(|table| expected.get(&table).is_none() && !parent_of(found, &table).is_empty())
}

/// Whether it is a partition that was dropped, while its parent table still exists.
fn is_dropped_partition(expected: &Shape, found: &Shape, name: &ObjectName) -> bool {
    let Some(mut table) = table_of(name) else {
        return false;
    };
    let mut is_partition = false;
    while let Some(parent) = parent_of(expected, &table).pop() {
        is_partition = true;
        table = table_name(&parent);
    }
    is_partition && found.get(&table).is_some()
}

/// The table that an object is, or hangs on.
fn table_of(name: &ObjectName) -> Option<ObjectName> {
    match (&name.table, name.kind) {
        (Some(table), _) => Some(table_name(table)),
        (None, ObjectKind::Table) => Some(name.clone()),
        _ => None,
    }
}

/// The table that the table `table` is a partition of.
fn parent_of(shape: &Shape, table: &ObjectName) -> Vec<String> {
    let part = shape
        .get(table)
        .and_then(|it| it.fact(Aspect::Partitioning));
    let part = part.filter(|part| part.starts_with("PARTITION OF"));
    part.map(mend::parents).unwrap_or_default()
}

/// The differences of an object that both have.
fn both(
    expected: &Shape,
    found: &Shape,
    (name, should, is): (&ObjectName, &Object, &Object),
    compared: Compared,
    differences: &mut Vec<Difference>,
) {
    let changes = changes((expected, found), name, (should, is), compared);
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
            core: Vec::new(),
            note: None,
            is_of_name: false,
            is_blocked: false,
        });
    }
    differences.extend(owner(found, name, (should, is)));
    if compared != (Compared::WithMigrations { grants: false }) {
        let by_default = &expected.leeway.by_default;
        differences.extend(grants(name, (should, is), compared, by_default));
    }
}

fn changes(
    (expected, found): (&Shape, &Shape),
    name: &ObjectName,
    (should, is): (&Object, &Object),
    compared: Compared,
) -> Vec<AspectChange> {
    let aspects = should.facts.keys().chain(is.facts.keys());
    let mut aspects = aspects
        .filter(|aspect| aspect.is_of_the_shape())
        .collect::<Vec<_>>();
    aspects.sort_unstable();
    aspects.dedup();
    let changed = aspects.into_iter().filter_map(|aspect| {
        let (one, other) = (should.fact(*aspect), is.fact(*aspect));
        let same = match (one, other) {
            _ if is_nothing_to_speak_of((name.kind, *aspect), one, other, compared) => true,
            (Some(one), Some(other)) => is_same(expected, found, (name.kind, *aspect), one, other),
            (one, other) => one == other,
        };
        let leeway = &expected.leeway;
        let differs = !same && !leeway.fits((name, *aspect), found.schema(), (one, other));
        differs.then(|| AspectChange {
            aspect: *aspect,
            expected: one.map(str::to_owned),
            found: other.map(str::to_owned),
        })
    });
    changed.collect()
}

/// Whether what differs is no difference: a materialized view that was filled since, and
/// storage parameters that an operator has set beside those of the migrations.
fn is_nothing_to_speak_of(
    (kind, aspect): (ObjectKind, Aspect),
    expected: Option<&str>,
    found: Option<&str>,
    compared: Compared,
) -> bool {
    let parameters = |text: Option<&str>| {
        let text = text.unwrap_or_default().to_owned();
        let one_by_one = text.split(", ").map(str::to_owned);
        one_by_one.collect::<Vec<_>>()
    };
    match (kind, aspect) {
        (ObjectKind::MaterializedView, Aspect::Validity) => found.is_none(),
        (_, Aspect::Storage) if compared != Compared::Everything => {
            let found = parameters(found);
            expected.is_none() || parameters(expected).iter().all(|one| found.contains(one))
        }
        _ => false,
    }
}

/// Whether two texts mean the same.
///
/// Where a tenant is called like one of its tables, PostgreSQL's text does not tell
/// a column `tasks.title` from something in the schema `tasks`. Then both texts are
/// read as if they named that schema.
pub(super) fn is_same(
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
    // A column's sequence always belongs to the role that its table belongs to.
    if name.kind == ObjectKind::Sequence && is.fact(Aspect::OwnedBy).is_some() {
        return None;
    }
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
        core: Vec::new(),
        note: None,
        is_of_name: false,
        is_blocked: false,
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
            core: Vec::new(),
            note: None,
            is_of_name: false,
            is_blocked: false,
        });
    }
    if !beyond.is_empty() {
        differences.push(Difference {
            object: name.clone(),
            change: Change::ExtraGrants(beyond.words().collect()),
            mending: Mending::Removes,
            statements: mend::revoke(name, should, &beyond),
            core: Vec::new(),
            note: None,
            is_of_name: false,
            is_blocked: false,
        });
    }
    differences
}
