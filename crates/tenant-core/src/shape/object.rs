//! What a schema is made of: its objects, and what is known of each.

use std::collections::BTreeMap;
use std::fmt;

use super::Shape;
use super::{forms, normal, varying};

/// The kinds of objects in a schema definition.
///
/// They are in the order of creation: later kinds can depend on earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ObjectKind {
    /// The schema itself. Only its grants are compared.
    Schema,
    /// An enum, a domain, a composite or a range type.
    Type,
    /// A sequence that does not belong to an identity column.
    Sequence,
    /// A function, procedure or aggregate.
    Function,
    /// A table, ordinary, partitioned or foreign.
    Table,
    /// A column of a table.
    Column,
    /// A primary or unique key, a check, an exclusion, a foreign key.
    Constraint,
    /// An index that does not belong to a constraint.
    Index,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A trigger, except PostgreSQL's internal ones.
    Trigger,
    /// A policy of row-level security.
    Policy,
    /// A rewrite rule of a table.
    Rule,
    /// Extended statistics.
    Statistics,
    /// A column of a view, with its own default, comment or grants.
    ViewColumn,
}

impl ObjectKind {
    /// One of the kind in words: `an index`.
    pub(super) fn one(self) -> String {
        let article = match self {
            Self::Index => "an",
            _ => "a",
        };
        format!("{article} {}", self.words())
    }

    /// Returns the kind in words: `materialized view`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Type => "type",
            Self::Sequence => "sequence",
            Self::Function => "function",
            Self::Table => "table",
            Self::Column => "column",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
            Self::Rule => "rule",
            Self::Statistics => "statistics",
            Self::ViewColumn => "column",
        }
    }

    /// Whether its definition has its name without the schema, or not at all.
    pub(super) fn is_named_alone(self) -> bool {
        matches!(
            self,
            Self::Constraint | Self::Index | Self::Trigger | Self::Policy | Self::Rule
        )
    }

    /// Whether indexes, triggers or rules can hang on it, which come and go with it.
    pub(super) fn holds_others(self) -> bool {
        matches!(self, Self::Table | Self::View | Self::MaterializedView)
    }

    /// What the queries write for it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Type => "type",
            Self::Sequence => "sequence",
            Self::Function => "function",
            Self::Table => "table",
            Self::Column => "column",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::View => "view",
            Self::MaterializedView => "matview",
            Self::ViewColumn => "view_column",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
            Self::Rule => "rule",
            Self::Statistics => "statistics",
        }
    }

    /// The kind that the queries call so.
    pub(super) fn from_code(code: &str) -> Option<Self> {
        let mut kinds = Self::ALL.into_iter();
        kinds.find(|kind| kind.code() == code)
    }

    const ALL: [Self; 15] = [
        Self::Schema,
        Self::Type,
        Self::Sequence,
        Self::Function,
        Self::Table,
        Self::Column,
        Self::Constraint,
        Self::Index,
        Self::View,
        Self::MaterializedView,
        Self::ViewColumn,
        Self::Trigger,
        Self::Policy,
        Self::Rule,
        Self::Statistics,
    ];
}

/// The name of an object in a schema. `Display` is in words: ``column `tasks.due` ``.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct ObjectName {
    /// Its kind.
    pub kind: ObjectKind,
    /// The table, view or domain that it belongs to, if any.
    pub table: Option<String>,
    /// Its name; for a function, with the types of its arguments.
    pub name: String,
}

impl ObjectName {
    /// Whether it is the column of a view that `shape` has. Of such a column only what
    /// was said of it is compared: that it is there belongs to the view.
    pub(super) fn is_of_a_view_in(&self, shape: &Shape) -> bool {
        let of = |kind| Self {
            kind,
            table: None,
            name: self.table.clone().unwrap_or_default(),
        };
        let mut kinds = [ObjectKind::View, ObjectKind::MaterializedView].into_iter();
        self.kind == ObjectKind::ViewColumn && kinds.any(|kind| shape.get(&of(kind)).is_some())
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = (self.kind.words(), displayed(&self.name));
        let table = self.table.as_deref().map(displayed);
        match (&table, self.kind) {
            (_, ObjectKind::Schema) => formatter.write_str("the schema"),
            (None, _) | (_, ObjectKind::Index | ObjectKind::Statistics) => {
                write!(formatter, "{kind} `{name}`")
            }
            (Some(table), ObjectKind::Column | ObjectKind::ViewColumn) => {
                write!(formatter, "{kind} `{table}.{name}`")
            }
            (Some(table), _) => write!(formatter, "{kind} `{name}` of `{table}`"),
        }
    }
}

/// A name for people: three dots for what differs between tenants or from run to run.
fn displayed(name: &str) -> String {
    varying::displayed(&normal::displayed(&forms::filled(name, "..."))).into_owned()
}

/// The parts of an object's definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Aspect {
    /// Its exact nature, where the kind is not enough: `partitioned`, `unlogged`, `enum`,
    /// `procedure`.
    Nature,
    /// Its definition as PostgreSQL writes it.
    Definition,
    /// A column's type.
    Type,
    /// A column's collation, if it differs from its type's collation.
    Collation,
    /// Whether a column is `NOT NULL`.
    NotNull,
    /// A column's default.
    Default,
    /// A column's identity, with the options of its sequence.
    Identity,
    /// The expression that a column is generated from.
    Generated,
    /// An enum's labels, in order.
    Labels,
    /// The column that a sequence belongs to.
    OwnedBy,
    /// Whether row-level security is enabled or forced.
    RowSecurity,
    /// How a table is partitioned, which table it is a partition of, or from which it inherits.
    Partitioning,
    /// When a trigger or rule fires, if it differs from the default, or that the triggers of a
    /// foreign key do not fire.
    Enabled,
    /// Whether an index is invalid, a constraint not validated, or a materialized view not filled.
    Validity,
    /// The comment.
    Comment,
    /// What can change only if the object is created again: the names of a view's columns, a
    /// function's result. The definition contains it too.
    Outline,
    /// The owner, if it differs from the schema's owner.
    Owner,
    /// The rights of roles other than the owner.
    Grants,
    /// The options of a foreign table or column.
    Options,
    /// The type of a typed table (`CREATE TABLE ... OF`).
    TypedBy,
    /// The storage parameters, including TOAST.
    Storage,
}

impl Aspect {
    /// The aspect in words, after "has" or "has no".
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Generated => "generation expression",
            Self::Labels => "labels",
            Self::TypedBy => "row type",
            other => other.words(),
        }
    }

    /// Returns the part in words: `not null`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Nature => "kind",
            Self::Definition => "definition",
            Self::Type => "type",
            Self::Collation => "collation",
            Self::NotNull => "not null",
            Self::Default => "default",
            Self::Identity => "identity",
            Self::Generated => "generation",
            Self::Labels => "list of labels",
            Self::OwnedBy => "owning column",
            Self::RowSecurity => "row-level security",
            Self::Partitioning => "partitioning",
            Self::Enabled => "firing",
            Self::Validity => "validity",
            Self::Comment => "comment",
            Self::Outline => "outline",
            Self::Owner => "owner",
            Self::Grants => "grants",
            Self::Options => "options",
            Self::TypedBy => "type of the rows",
            Self::Storage => "storage parameters",
        }
    }

    /// What the queries write for it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Nature => "nature",
            Self::Definition => "definition",
            Self::Type => "type",
            Self::Collation => "collation",
            Self::NotNull => "not_null",
            Self::Default => "default",
            Self::Identity => "identity",
            Self::Generated => "generated",
            Self::Labels => "labels",
            Self::OwnedBy => "owned_by",
            Self::RowSecurity => "row_security",
            Self::Partitioning => "partitioning",
            Self::Enabled => "enabled",
            Self::Validity => "validity",
            Self::Comment => "comment",
            Self::Outline => "outline",
            Self::Owner => "owner",
            Self::Grants => "grants",
            Self::Options => "options",
            Self::TypedBy => "typed_by",
            Self::Storage => "storage",
        }
    }

    /// The aspect that the queries call so.
    pub(super) fn from_code(code: &str) -> Option<Self> {
        let mut aspects = Self::ALL.into_iter();
        aspects.find(|aspect| aspect.code() == code)
    }

    const ALL: [Self; 21] = [
        Self::Nature,
        Self::Definition,
        Self::Type,
        Self::Collation,
        Self::NotNull,
        Self::Default,
        Self::Identity,
        Self::Generated,
        Self::Labels,
        Self::OwnedBy,
        Self::RowSecurity,
        Self::Partitioning,
        Self::Enabled,
        Self::Validity,
        Self::Comment,
        Self::Outline,
        Self::Owner,
        Self::Grants,
        Self::Options,
        Self::TypedBy,
        Self::Storage,
    ];

    /// Whether its text is SQL that may name the schema, and not a comment for people.
    pub(super) fn is_sql(self) -> bool {
        !matches!(
            self,
            Self::Comment
                | Self::Owner
                | Self::Grants
                | Self::Labels
                | Self::Options
                | Self::Storage
        )
    }

    /// Whether it belongs to what an object is, as opposed to whose it is, and no
    /// other aspect says it.
    pub(super) fn is_of_the_shape(self) -> bool {
        !matches!(self, Self::Owner | Self::Grants | Self::Outline)
    }
}

/// What is known of an object. What does not apply is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Object {
    /// A column's place in its table, from 1; it says nothing of the shape.
    pub(super) place: i32,
    pub(super) facts: BTreeMap<Aspect, String>,
}

impl Object {
    /// What is known of it under this aspect, in the normal form.
    pub(crate) fn fact(&self, aspect: Aspect) -> Option<&str> {
        self.facts.get(&aspect).map(String::as_str)
    }
}
