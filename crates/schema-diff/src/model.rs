//! What Diesel sees of a schema: the part that a `schema.rs` can say.
//!
//! Both sides of a comparison have this form. Names are those of the database,
//! not those of Rust.

/// The tables of a schema, and the types that are not Diesel's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// In the order of the file, or by name when read from a database. Views that
    /// the file describes are among them.
    pub tables: Vec<Table>,
    /// The types of the module `sql_types`, and those taken from elsewhere.
    pub types: Vec<CustomType>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// In their order.
    pub columns: Vec<Column>,
    /// The columns of the primary key, in its order.
    pub primary_key: Vec<String>,
    /// What `joinable!` says.
    pub references: Vec<Reference>,
    /// Whether the file says so, with `view!`. A `table!` may be about a view,
    /// too: the database knows.
    pub is_view: bool,
    /// Where it stands in the file, from 1; 0 when read from a database.
    pub line: usize,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, without nullability.
    pub ty: Type,
    /// Whether it may be NULL.
    pub nullable: bool,
}

/// A type, by the name that PostgreSQL's catalog has for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Type {
    /// `pg_type.typname` of the type or of its elements, such as `int4`.
    pub name: String,
    /// Whether it is an array of that.
    pub array: bool,
    /// The most characters it takes (`#[max_length]`), if that is limited.
    pub length: Option<u32>,
}

/// A type that is not one of Diesel's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomType {
    /// Its name in the database.
    pub name: String,
    /// What the file calls it.
    pub written: String,
    /// Whether it belongs to this schema, and is made by its migrations. Types
    /// of extensions and of PostgreSQL itself are not.
    pub own: bool,
    /// Where it is first used or declared, from 1; 0 when read from a database.
    pub line: usize,
}

/// A foreign key from one column to the primary key of another table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The column that refers.
    pub column: String,
    /// The table referred to.
    pub parent: String,
}

impl Type {
    /// Whether a column of the type `stored` is what the file means by this one.
    /// Diesel prints the one-byte type `"char"` as `Char`, which is `CHAR` too.
    pub(crate) fn is(&self, stored: &Self) -> bool {
        let is_char = self.name == "bpchar" && self.length.is_none() && stored.name == "char";
        self == stored || is_char && self.array == stored.array
    }
}

impl Schema {
    /// The table called `name`.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The names of the schema's own types that a column has.
    pub(crate) fn own_types_in_use(&self) -> Vec<&str> {
        let own = self.types.iter().filter(|ty| ty.own);
        own.map(|ty| ty.name.as_str())
            .filter(|name| self.uses(name))
            .collect()
    }

    /// Whether a column has the type of that name, or an array of it.
    pub(crate) fn uses(&self, name: &str) -> bool {
        let columns = self.tables.iter().flat_map(|table| &table.columns);
        columns.into_iter().any(|column| column.ty.name == name)
    }
}

impl Table {
    /// The column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
