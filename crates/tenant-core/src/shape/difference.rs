//! How a schema differs from what it should look like.

use std::borrow::Cow;
use std::fmt;

use super::Shape;
use super::grants::Grants;
use super::mend::{self, Mending};
use super::normal::{displayed, rendered, without_casts};
use super::object::{Aspect, Object, ObjectKind, ObjectName};
use crate::TenantName;

/// One object that is not as it should be. `Display` says what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The object.
    pub object: ObjectName,
    /// What is wrong with it.
    pub change: Change,
    mending: Mending,
    statements: Vec<String>,
}

/// In which way an object differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It should be there.
    Missing,
    /// It should not be there.
    Extra,
    /// It is there, and is something else.
    Changed(Vec<AspectChange>),
    /// An index that PostgreSQL does not use: building it failed or was cut off.
    InvalidIndex,
    /// It belongs to another role than it should.
    WrongOwner {
        /// The role that it belongs to.
        owner: String,
        /// The role that it should belong to.
        expected: String,
    },
    /// Roles may not do with it what they should be able to: a role, and rights in
    /// the words of `GRANT`.
    MissingGrants(Vec<(String, String)>),
    /// Roles may do with it what they should not be able to: a role, `PUBLIC` for
    /// everybody, and rights in the words of `REVOKE`.
    ExtraGrants(Vec<(String, String)>),
}

/// What is so, and what should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AspectChange {
    /// What of the object.
    pub aspect: Aspect,
    /// What should be; `None` for nothing.
    pub expected: Option<String>,
    /// What is; `None` for nothing.
    pub found: Option<String>,
}

impl Difference {
    /// The statements that would make the schema of `tenant` as it should be, in
    /// order. None where there is no SQL for it.
    #[must_use]
    pub fn sql(&self, tenant: &TenantName) -> Vec<String> {
        let statements = self.statements.iter();
        let statements = statements.map(|normal| rendered(normal, tenant.as_str()));
        statements.collect()
    }

    /// Whether a table is missing.
    pub(crate) fn is_missing_table(&self) -> bool {
        self.change == Change::Missing && self.object.kind == ObjectKind::Table
    }

    /// Whether it is about whom the object belongs to.
    pub(crate) fn is_about_owner(&self) -> bool {
        matches!(self.change, Change::WrongOwner { .. })
    }

    /// Whether nothing but grants to `role` is missing.
    pub(crate) fn is_only_of_grants_to(&self, role: &str) -> bool {
        let quoted = crate::sql::ident(role);
        let is_to = |(to, _): &(String, String)| to == role || *to == quoted;
        match &self.change {
            Change::MissingGrants(grants) => grants.iter().all(is_to),
            _ => false,
        }
    }

    /// What kind of change these statements are.
    #[must_use]
    pub fn mending(&self) -> Mending {
        self.mending
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = &self.object;
        match &self.change {
            Change::Missing => write!(formatter, "{object} is missing"),
            Change::Extra => write!(formatter, "{object} should not be there"),
            Change::InvalidIndex => write!(formatter, "{object} is not valid"),
            Change::WrongOwner { owner, expected } => {
                write!(
                    formatter,
                    "{object} belongs to `{owner}` instead of `{expected}`"
                )
            }
            Change::MissingGrants(grants) => {
                let grants = grants
                    .iter()
                    .map(|(role, rights)| format!("{role} lacks {rights}"));
                let grants = grants.collect::<Vec<_>>().join("; ");
                write!(formatter, "{object}: {grants}")
            }
            Change::ExtraGrants(grants) => {
                let grants = grants
                    .iter()
                    .map(|(role, rights)| format!("{role} has {rights}"));
                let grants = grants.collect::<Vec<_>>().join("; ");
                write!(formatter, "{object}: {grants}, and should not")
            }
            Change::Changed(changes) => {
                let changes = changes.iter().map(ToString::to_string);
                let changes = changes.collect::<Vec<_>>().join("; ");
                write!(formatter, "{object} differs: {changes}")
            }
        }
    }
}

impl AspectChange {
    /// The same with texts for people.
    fn displayed(self) -> Self {
        Self {
            expected: self.expected.as_deref().map(displayed),
            found: self.found.as_deref().map(displayed),
            ..self
        }
    }
}

impl fmt::Display for AspectChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &Option<String>| match text {
            None => "nothing".to_owned(),
            Some(text) => format!("`{}`", one_line(text)),
        };
        let (found, expected) = (shown(&self.found), shown(&self.expected));
        write!(
            formatter,
            "{} is {found}, should be {expected}",
            self.aspect.words()
        )
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

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
            && !(compared != Compared::Everything && is_of_a_partition(found, name, object));
        if is_extra {
            differences.push(Difference {
                object: name.clone(),
                change: Change::Extra,
                mending: Mending::Removes,
                statements: mend::drop(name, object),
            });
        }
    }
    differences
}

/// The difference that a tenant lacks the table called `table` of `expected`.
pub(crate) fn missing_table(expected: &Shape, table: &str) -> Option<Difference> {
    let name = table_name(table);
    let object = expected.get(&name)?;
    Some(Difference {
        change: Change::Missing,
        mending: mend::of_missing(&name, object),
        statements: mend::create(expected, &name),
        object: name,
    })
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
    let changes = changes(expected, found, name.kind, should, is);
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
        differences.extend(grants(name, (should, is), compared));
    }
}

fn changes(
    expected: &Shape,
    found: &Shape,
    kind: ObjectKind,
    should: &Object,
    is: &Object,
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
            (Some(one), Some(other)) => is_same(expected, found, (kind, *aspect), one, other),
            (one, other) => one == other,
        };
        (!same).then(|| AspectChange {
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
) -> Vec<Difference> {
    let (should_have, have) = (
        Grants::from_fact(should.fact(Aspect::Grants)),
        Grants::from_fact(is.fact(Aspect::Grants)),
    );
    let missing = should_have.beyond(&have);
    let beyond = have.beyond(&should_have);
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
