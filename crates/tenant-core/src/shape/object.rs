//! What a schema is made of: its objects, and what is known of each.

use std::collections::BTreeMap;
use std::fmt;

use super::Shape;
use super::{forms, normal, varying};

/// The kinds of objects that a shape holds.
///
/// In the order in which they are made: what comes later may stand on what comes
/// before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ObjectKind {
    /// The schema itself, of which only the grants are looked at.
    Schema,
    /// An enum, a domain, a composite or a range type.
    Type,
    /// A sequence that is no identity column's.
    Sequence,
    /// A function, procedure or aggregate.
    Function,
    /// A table, ordinary, partitioned or foreign.
    Table,
    /// A column of a table.
    Column,
    /// A primary or unique key, a check, an exclusion, a foreign key.
    Constraint,
    /// An index that no constraint made.
    Index,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A trigger that somebody wrote, not one of PostgreSQL's own.
    Trigger,
    /// A policy of row-level security.
    Policy,
    /// A rewrite rule of a table.
    Rule,
    /// Extended statistics.
    Statistics,
    /// A column of a view, with what was said of it alone: a default, a comment, grants.
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

    /// The kind in words: `materialized view`.
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

/// Which object of a schema. `Display` is in words: ``column `tasks.due` ``.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct ObjectName {
    /// What it is.
    pub kind: ObjectKind,
    /// The table (or view, or domain) that it belongs to, if it belongs to one.
    pub table: Option<String>,
    /// Its own name; a function's with the types of its arguments.
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

/// What can be known of an object, each a text of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Aspect {
    /// What exactly it is, where the kind alone does not say: `partitioned`,
    /// `unlogged`, `enum`, `procedure`.
    Nature,
    /// Its definition as PostgreSQL writes it.
    Definition,
    /// A column's type.
    Type,
    /// A column's collation, where it is not that of the type.
    Collation,
    /// Whether a column may not be null.
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
    /// Whether row-level security is enabled, and forced.
    RowSecurity,
    /// What a table is partitioned by, or a part of, or inherits from.
    Partitioning,
    /// When a trigger or rule fires, where that is not the ordinary way; or that the
    /// triggers of a key do not fire.
    Enabled,
    /// Whether an index is not valid, a constraint not validated, a materialized view not
    /// filled.
    Validity,
    /// The comment.
    Comment,
    /// What can only be another one in an object that is made anew: the names of a
    /// view's columns, a function's result. The definition says it as well.
    Outline,
    /// The owner, where it is not the schema's.
    Owner,
    /// What roles other than the owner may do.
    Grants,
    /// The options of a foreign table or column.
    Options,
    /// The type that a table is of, as `CREATE TABLE ... OF` makes it.
    TypedBy,
    /// The storage parameters, with those of what is stored out of line.
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

    /// The aspect in words: `not null`.
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

    /// Whether its text is SQL that may name the schema, and not somebody's words.
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
