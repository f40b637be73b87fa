//! What is kept of each object, so that it can be made again when a migration
//! that removes it is reverted.

use crate::model::Type;

/// A table and what hangs on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoredTable {
    pub(crate) name: String,
    pub(crate) oid: u32,
    pub(crate) columns: Vec<StoredColumn>,
    /// Without foreign keys.
    pub(crate) constraints: Vec<StoredConstraint>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    /// Those that no constraint stands for.
    pub(crate) indexes: Vec<StoredIndex>,
    /// Their definitions.
    pub(crate) triggers: Vec<String>,
    pub(crate) comment: Option<String>,
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct StoredColumn {
    pub(crate) name: String,
    /// As Diesel sees it.
    pub(crate) ty: Type,
    /// As PostgreSQL writes it, with whatever Diesel does not see of it.
    pub(crate) sql_type: String,
    /// Whether `sql_type` is a domain over the type.
    pub(crate) is_domain: bool,
    pub(crate) nullable: bool,
    pub(crate) default: Option<String>,
    pub(crate) generated: Option<String>,
    pub(crate) identity: Option<Identity>,
    /// Unless it is the type's own.
    pub(crate) collation: Option<String>,
    /// That of an identity or of a serial column.
    pub(crate) sequence: Option<Sequence>,
    pub(crate) comment: Option<String>,
}

/// How a column numbers its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    Always,
    ByDefault,
}

/// A sequence that belongs to a column.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    pub(crate) name: String,
    /// `AS integer START WITH 1 ...`, complete.
    pub(crate) options: String,
}

/// A constraint that is no foreign key.
#[derive(Debug, Clone)]
pub(crate) struct StoredConstraint {
    pub(crate) name: String,
    /// Whether it is the primary key.
    pub(crate) is_key: bool,
    pub(crate) columns: Vec<String>,
    pub(crate) definition: String,
    pub(crate) comment: Option<String>,
}

/// A foreign key within the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForeignKey {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) parent: String,
    pub(crate) parent_columns: Vec<String>,
    /// What stands behind the referenced columns: `ON DELETE CASCADE` and so on.
    pub(crate) options: String,
    pub(crate) comment: Option<String>,
    /// Whether it comes with the key of a partitioned table.
    pub(crate) is_inherited: bool,
}

/// An index that no constraint stands for.
#[derive(Debug, Clone)]
pub(crate) struct StoredIndex {
    pub(crate) name: String,
    /// The columns it depends on, also those in expressions.
    pub(crate) columns: Vec<String>,
    pub(crate) definition: String,
    pub(crate) comment: Option<String>,
}

/// A type of the schema's own.
#[derive(Debug, Clone)]
pub(crate) struct StoredType {
    pub(crate) name: String,
    /// The labels of an enum; of other types nothing is kept.
    pub(crate) labels: Option<Vec<String>>,
    pub(crate) comment: Option<String>,
    /// Whether something else than a table's column uses it.
    pub(crate) used_elsewhere: bool,
}

impl StoredTable {
    pub(crate) fn column(&self, name: &str) -> Option<&StoredColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The constraint that is the primary key.
    pub(crate) fn key_constraint(&self) -> Option<&StoredConstraint> {
        self.constraints.iter().find(|constraint| constraint.is_key)
    }

    /// The columns of the primary key.
    pub(crate) fn key(&self) -> Option<&[String]> {
        let key = self.key_constraint()?;
        Some(key.columns.as_slice())
    }
}
