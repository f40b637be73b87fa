//! [`Registry`]: the tables that list schemas, the tenants' and the spares', and every
//! SQL text about them.
//!
//! Where the lists are, what their columns are called and which schema a row is about
//! is known here only. Statements that travel inside a schema's transaction are in
//! `change`, questions in `question`; those that join a list with the catalog take
//! their parts from [`Rows`]. Diesel's typed rows of today's tables are
//! `schema_public`'s; a test holds the two together.

mod change;
mod columns;
mod migrations;
mod place;
mod question;
mod rows;

use std::sync::Arc;

use crate::name::{Entry, Naming, Schema, SchemaName, Target};
use crate::{Error, TenantName};

pub(crate) use change::Ran;
pub use rows::Rows;

use columns::{Columns, Found};
pub(crate) use place::EXPECTATIONS;
use place::Place;

/// The list of tenants and the list of spares.
///
/// The default is `public.schema_tracker`, with the column `name`, and
/// `public.spare_schemas`. [`Registry::table`] is a table with the same columns under
/// another name.
///
/// Which of the columns `created_at`, `version`, `migrated_at` and `fingerprints` a list
/// has is found out when it is opened. What it does not have is neither read nor written.
///
/// Cheap to clone; the clones share what was found out.
#[derive(Debug, Clone)]
pub struct Registry(Arc<Lists>);

#[derive(Debug)]
struct Lists {
    tenants: Table,
    spares: Table,
    naming: Naming,
}

/// One of the lists.
#[derive(Debug, Clone)]
struct Table {
    place: Place,
    found: Found,
}

/// What the names of spares begin with.
pub(crate) const SPARE_PREFIX: &str = "_spare_";

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// The tenants.
    Tenants,
    /// The schemas that are nobody's yet.
    Spares,
}

impl Default for Registry {
    fn default() -> Self {
        Self::of(Place::tenants(), Place::spares())
    }
}

impl Registry {
    /// Lists tenants in this table. The list of spares doesn't change. Give names without
    /// quotes.
    ///
    /// ```
    /// use tenant_core::Registry;
    ///
    /// let registry = Registry::table("ops", "Tenants").key("slug");
    /// assert_eq!(registry.sql_table(), r#""ops"."Tenants""#);
    /// assert_eq!(registry.rows("t").key, r#"t."slug""#);
    /// ```
    #[must_use]
    pub fn table(schema: &str, table: &str) -> Self {
        Self::of(Place::elsewhere(schema, table), Place::spares())
    }

    /// Sets the column that holds the tenant's name. The default is `name`. The column
    /// must be unique and not null.
    #[must_use]
    pub fn key(self, column: &str) -> Self {
        let Lists {
            tenants, spares, ..
        } = &*self.0;
        Self::of(tenants.place.clone().key(column), spares.place.clone())
    }

    fn of(tenants: Place, spares: Place) -> Self {
        Self(Arc::new(Lists {
            tenants: Table::of(tenants),
            spares: Table::of(spares),
            naming: Naming::default(),
        }))
    }

    /// The same lists in another database, a copy of this one: what was found out is
    /// taken to hold there, and not shared any more.
    pub(crate) fn in_copy(&self) -> Self {
        let Lists {
            tenants,
            spares,
            naming,
        } = &*self.0;
        Self(Arc::new(Lists {
            tenants: tenants.clone(),
            spares: spares.clone(),
            naming: *naming,
        }))
    }

    /// The same lists in another database, of which nothing is known.
    pub(crate) fn elsewhere(&self) -> Self {
        let Lists {
            tenants, spares, ..
        } = &*self.0;
        Self::of(tenants.place.clone(), spares.place.clone())
    }

    /// The list of tenants as SQL text, qualified.
    #[must_use]
    pub fn sql_table(&self) -> &str {
        self.name_of(List::Tenants)
    }

    /// How a statement reads the list of tenants, each row under the name `alias`, which
    /// needs no quotes.
    #[must_use]
    pub fn rows(&self, alias: &str) -> Rows {
        self.rows_of(List::Tenants, alias)
    }

    /// The same of either list.
    pub(crate) fn rows_of(&self, list: List, alias: &str) -> Rows {
        let (place, columns) = (self.place(list), self.columns(list));
        Rows::of(place, columns, self.0.naming, alias)
    }

    /// A list as SQL text, qualified.
    pub(crate) fn name_of(&self, list: List) -> &str {
        &self.place(list).table
    }

    /// Which schema is whose.
    pub(crate) fn naming(&self) -> Naming {
        self.0.naming
    }

    /// The tenant `name` with its schema.
    pub(crate) fn target(&self, name: &TenantName) -> Target {
        self.naming().target(name)
    }

    /// What a row of `list` with the key `key` is about.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRow`] or [`Error::InvalidSpareRow`].
    pub(crate) fn entry(&self, list: List, key: &str) -> Result<Entry, Error> {
        match list {
            List::Tenants => self.tenant(key).map(Entry::Tenant),
            List::Spares => self.spare(key).map(Entry::Spare),
        }
    }

    /// The tenant whose row has the key `key`, with its schema.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRow`].
    pub(crate) fn tenant(&self, key: &str) -> Result<Target, Error> {
        let list = || self.name_of(List::Tenants).to_owned();
        let name = key.parse();
        let name = name.map_err(|source| Error::InvalidRow {
            list: list(),
            source,
        })?;
        Ok(self.target(&name))
    }

    /// The spare whose row has the key `key`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSpareRow`].
    pub(crate) fn spare(&self, key: &str) -> Result<SchemaName, Error> {
        let list = || self.name_of(List::Spares).to_owned();
        key.parse().map_err(|source| Error::InvalidSpareRow {
            list: list(),
            source,
        })
    }

    /// There is no list of tenants.
    pub(crate) fn not_set_up(&self) -> Error {
        let table = self.sql_table().to_owned();
        Error::NotSetUp { table }
    }

    /// There is no list of spares.
    pub(crate) fn no_spare_list(&self) -> Error {
        let table = self.name_of(List::Spares).to_owned();
        Error::NoSpareList { table }
    }

    /// The list of the schema as SQL text; that of tenants for one that is in none.
    pub(crate) fn list_of(&self, schema: Schema<'_>) -> &str {
        self.name_of(List::of(schema).unwrap_or(List::Tenants))
    }

    fn list(&self, list: List) -> &Table {
        match list {
            List::Tenants => &self.0.tenants,
            List::Spares => &self.0.spares,
        }
    }

    fn place(&self, list: List) -> &Place {
        &self.list(list).place
    }

    fn columns(&self, list: List) -> Columns {
        self.list(list).found.columns()
    }
}

impl Table {
    fn of(place: Place) -> Self {
        let found = Found::default();
        Self { place, found }
    }
}

impl List {
    /// The list of the schema; none lists `public`, or what is never committed.
    fn of(schema: Schema<'_>) -> Option<Self> {
        match schema {
            Schema::Public | Schema::Rehearsal(_) => None,
            Schema::Tenant(_) => Some(Self::Tenants),
            Schema::Spare(_) => Some(Self::Spares),
        }
    }
}
