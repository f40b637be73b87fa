//! [`Manifest`]: what is known of a tenant before its rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The format that this crate writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// What is known of a tenant before its rows.
///
/// A reader ignores unknown fields, so that a later version can add some without a new format.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// The format of the file.
    pub format: u32,
    /// The program that wrote the file, with its version.
    pub program: String,
    /// The name of the tenant.
    pub tenant: String,
    /// The name of its schema.
    pub schema: String,
    /// The moment of which all rows are, as PostgreSQL writes a `timestamptz` in UTC.
    pub exported_at: String,
    /// The server's version, such as `15.20`.
    pub server_version: String,
    /// The encoding of the server's database. The file itself is in UTF-8.
    pub server_encoding: String,
    /// The settings on which the text of values depends. A reader of the rows needs the same.
    pub settings: BTreeMap<String, String>,
    /// The applied migrations, oldest first.
    pub migrations: Vec<MigrationEntry>,
    /// The definition of the schema.
    pub definition: Definition,
    /// The tables, in the order of their data.
    pub tables: Vec<Table>,
    /// The positions of the sequences.
    pub sequences: Vec<Sequence>,
    /// What the tenant refers to outside its schema.
    pub outside: Vec<Outside>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            format: FORMAT,
            program: String::new(),
            tenant: String::new(),
            schema: String::new(),
            exported_at: String::new(),
            server_version: String::new(),
            server_encoding: String::new(),
            settings: BTreeMap::new(),
            migrations: Vec::new(),
            definition: Definition::default(),
            tables: Vec::new(),
            sequences: Vec::new(),
            outside: Vec::new(),
        }
    }
}

/// An applied migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationEntry {
    /// The version, as the migration history has it.
    pub version: String,
    /// When it was applied, as PostgreSQL writes a `timestamp`.
    pub run_on: String,
    /// The name. `None` if the exporting program did not have the migration.
    pub name: Option<String>,
    /// The fingerprint of its text in the exporting program.
    pub fingerprint: Option<String>,
}

/// The definition of a schema, as the exporting program describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// The form of `text`. A program that knows another form cannot compare it.
    pub form: String,
    /// The fingerprint of the definition.
    pub fingerprint: String,
    /// The definition.
    pub text: String,
}

/// A table with rows in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The schema, if it is not the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The name.
    pub name: String,
    /// The columns in the order of the data. Generated columns are not among them.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The type, as PostgreSQL writes it with the tenant's schema alone in the search path.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// The position of a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Which sequence.
    #[serde(flatten)]
    pub of: SequenceOf,
    /// The last value, or the first one if none was drawn.
    pub last_value: i64,
    /// Whether `last_value` was drawn.
    pub is_called: bool,
}

/// Which sequence: PostgreSQL chooses the name of an identity column's sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SequenceOf {
    /// The sequence of an identity column.
    Identity {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A sequence with a name.
    Named {
        /// The name.
        sequence: String,
    },
}

/// What the tenant refers to outside its schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    /// What kind of reference, such as `foreign key`.
    pub kind: String,
    /// The object in the tenant's schema, in words.
    pub from: String,
    /// The object outside.
    pub to: String,
}
