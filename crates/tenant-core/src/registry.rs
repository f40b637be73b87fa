//! [`Registry`]: the tables that list schemas, the tenants' and the spares', and every
//! SQL text about them.
//!
//! Where the lists are, what their columns are called and which schema a row is about
//! is known here only. Statements that travel inside a schema's transaction are in
//! `change`, questions in `question`; those that join a list with the catalog take
//! their parts from [`Rows`]. Diesel's typed rows of today's tables are
//! `schema_public`'s; a test holds the two together.

mod beside;
mod change;
mod columns;
mod existing;
mod left;
mod listed_first;
mod migrations;
mod own_row;
mod place;
mod question;
mod recorded;
mod rows;
mod seen;
mod sole;
mod source;
mod states;
mod suspension;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sql_text::ident;

use crate::name::{Entry, Naming, Schema, SchemaName, Target};
use crate::{Error, InvalidName, NameRule, TenantName, UnfitRow};

pub(crate) use change::Ran;
pub(crate) use existing::ExistingList;
pub(crate) use left::Unrecorded;
pub(crate) use listed_first::RowBefore;
pub use rows::Rows;
pub use states::TenantState;
pub use suspension::Suspension;
pub(crate) use suspension::{CHANNEL, told};

use columns::{Columns, Found};
pub(crate) use place::EXPECTATIONS;
use place::Place;
use seen::SchemasSeen;
use source::Source;
use states::States;

/// The list of tenants and the list of spares.
///
/// The default is `public.schema_tracker` with the column `name`, and `public.spare_schemas`.
/// [`Registry::table`] uses a table with the same columns under another name. [`Registry::query`]
/// reads the application's own tables, and keeps everything else in a table beside them.
///
/// [`Registry::naming`] sets which names tenants can have, and the names of their schemas.
///
/// The registry detects which of the columns `created_at`, `version`, `migrated_at` and
/// `fingerprints` a list has when it is opened. It neither reads nor writes missing columns.
///
/// Clones are cheap and share what was detected.
#[derive(Debug, Clone)]
pub struct Registry(Arc<Lists>);

#[derive(Debug)]
struct Lists {
    tenants: Table,
    spares: Table,
    source: Source,
    naming: Naming,
    states: States,
    /// The schemas of tenants as they were listed lately, if only the list knows them.
    schemas: SchemasSeen,
    /// Whether it is known which columns the query gives.
    is_described: AtomicBool,
    /// Whether there are lists at all: where migrations are only tried, there may be none.
    has_lists: bool,
}

/// One of the lists.
#[derive(Debug, Clone)]
struct Table {
    place: Place,
    found: Found,
}

/// What the names of spares begin with.
pub(crate) const SPARE_PREFIX: &str = "_spare_";

/// Whether a schema is called like a spare.
pub(crate) fn is_named_like_a_spare(name: &str) -> bool {
    let digits = name.strip_prefix(SPARE_PREFIX);
    digits.is_some_and(|digits| {
        digits.len() == 16 && digits.chars().all(|digit| digit.is_ascii_hexdigit())
    })
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// The tenants.
    Tenants,
    /// The list of spare schemas.
    Spares,
}

impl Default for Registry {
    fn default() -> Self {
        Self::of(Place::tenants(), Source::default(), Naming::default())
    }
}

impl Registry {
    /// Uses this table as the list of tenants. The list of spares does not change. Give names
    /// without quotes.
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
        let place = Place::elsewhere(schema, table);
        Self::of(place, Source::default(), Naming::default())
    }

    /// Reads the tenants from this query on the application's own tables, which are only read. The
    /// query returns the columns `name` and `schema` (the name of the tenant's schema), and
    /// optionally `created_at` and `state`. Everything else about a tenant is kept beside them, by
    /// name, in `public.tenant_state`: see [`Registry::beside`] and [`Registry::migrations`].
    ///
    /// ```
    /// use tenant_core::{Naming, Registry};
    ///
    /// let tenants = "SELECT slug AS name FROM public.organizations WHERE deleted_at IS NULL";
    /// let registry = Registry::query(tenants).naming(Naming::template("org_{name}")?);
    /// # assert_eq!(registry.sql_table(), "public.tenant_state");
    /// # Ok::<(), tenant_core::InvalidNaming>(())
    /// ```
    ///
    /// With a [`Naming`] that gives the schema names, as here, the column `schema` is not read. You
    /// write the query as SQL, so never insert outside text into it. The query names each table
    /// with its schema, or relies on the role's own `search_path`.
    ///
    /// When you create, drop or rename a tenant, change the application's row in the same
    /// transaction or earlier. The last statement of the transaction checks that the query returns
    /// the tenant, or no longer returns it.
    #[must_use]
    pub fn query(query: &str) -> Self {
        let source = Source::Query(query.to_owned());
        Self::of(Place::state(), source, Naming::mapped())
    }

    /// Keeps what a [`Registry::query`] does not return in this table. Give names without quotes.
    /// The schema must exist.
    #[must_use]
    pub fn beside(self, schema: &str, table: &str) -> Self {
        let place = Place::elsewhere(schema, table);
        self.again(place, self.0.source.clone(), self.0.naming.clone())
    }

    /// Sets the column that holds the tenant's name. The default is `name`. The column
    /// must be unique and not null.
    #[must_use]
    pub fn key(self, column: &str) -> Self {
        let place = self.place(List::Tenants).clone().key(column);
        self.again(place, self.0.source.clone(), self.0.naming.clone())
    }

    /// Sets the column with the name of the tenant's schema, without quotes, and the naming to
    /// [`Naming::mapped`]. It has no effect on a [`Registry::query`].
    #[must_use]
    pub fn schema_column(self, column: &str) -> Self {
        let source = match self.0.source.clone() {
            Source::Table { only, .. } => Source::Table {
                schema: Some(ident(column)),
                only,
            },
            query @ Source::Query(_) => query,
        };
        let naming = self.0.naming.clone().by_list();
        self.again(self.place(List::Tenants).clone(), source, naming)
    }

    /// Reads only rows that meet this condition: `deleted_at IS NULL`. You write the condition as
    /// SQL, so never insert outside text into it. It has no effect on a [`Registry::query`].
    #[must_use]
    pub fn only(self, condition: &str) -> Self {
        let source = match self.0.source.clone() {
            Source::Table { schema, .. } => Source::Table {
                schema,
                only: Some(condition.to_owned()),
            },
            query @ Source::Query(_) => query,
        };
        let naming = self.0.naming.clone();
        self.again(self.place(List::Tenants).clone(), source, naming)
    }

    /// Sets which names tenants can have, and the names of their schemas. The default is
    /// [`Naming::same`], or [`Naming::mapped`] with a query or a column of schemas.
    #[must_use]
    pub fn naming(self, naming: Naming) -> Self {
        let source = match self.0.source.clone() {
            // What the naming says is not read from a column.
            Source::Table { only, .. } if !naming.is_mapped() => {
                Source::Table { schema: None, only }
            }
            source => source,
        };
        self.again(self.place(List::Tenants).clone(), source, naming)
    }

    fn of(tenants: Place, source: Source, naming: Naming) -> Self {
        Self::with(tenants, source, naming, States::default())
    }

    /// The same with other parts.
    fn again(&self, tenants: Place, source: Source, naming: Naming) -> Self {
        Self::with(tenants, source, naming, self.states().clone())
    }

    fn with_states(&self, states: States) -> Self {
        let place = self.place(List::Tenants).clone();
        let (source, naming) = (self.0.source.clone(), self.0.naming.clone());
        Self::with(place, source, naming, states)
    }

    fn with(tenants: Place, source: Source, naming: Naming, states: States) -> Self {
        let mut tenants = Table::of(tenants);
        if source.is_query() {
            tenants.found = Found::of(Columns::beside(false));
        }
        Self(Arc::new(Lists {
            tenants,
            spares: Table::of(Place::spares()),
            source,
            naming,
            states,
            schemas: SchemasSeen::default(),
            is_described: AtomicBool::default(),
            has_lists: true,
        }))
    }

    /// The same lists in another database, a copy of this one: what was found out is
    /// taken to hold there, and not shared any more.
    pub(crate) fn in_copy(&self) -> Self {
        let Lists {
            tenants,
            spares,
            source,
            naming,
            states,
            is_described,
            ..
        } = &*self.0;
        let is_described = is_described.load(Ordering::Relaxed);
        Self(Arc::new(Lists {
            tenants: tenants.clone(),
            spares: spares.clone(),
            source: source.clone(),
            naming: naming.clone(),
            states: states.clone(),
            schemas: SchemasSeen::default(),
            is_described: AtomicBool::new(is_described),
            has_lists: true,
        }))
    }

    /// The same lists in another database, of which nothing is known and in which migrations
    /// are tried. What an application lists is not there: nothing is listed then.
    pub(crate) fn elsewhere(&self) -> Self {
        let lists = Lists {
            tenants: Table::of(self.place(List::Tenants).clone()),
            spares: Table::of(Place::spares()),
            source: Source::default(),
            naming: self.names().clone(),
            states: States::default(),
            schemas: SchemasSeen::default(),
            is_described: AtomicBool::default(),
            has_lists: self.0.source == Source::default(),
        };
        Self(Arc::new(lists))
    }

    /// The list that the schema is in, if it is in one.
    fn list_for(&self, schema: Schema<'_>) -> Option<List> {
        List::of(schema).filter(|_| self.0.has_lists)
    }

    /// Returns the list of tenants as qualified SQL text.
    #[must_use]
    pub fn sql_table(&self) -> &str {
        self.name_of(List::Tenants)
    }

    /// Returns the parts of a statement that reads the list of tenants, with each row under the
    /// name `alias`, which must need no quotes.
    #[must_use]
    pub fn rows(&self, alias: &str) -> Rows {
        self.rows_of(List::Tenants, alias)
    }

    /// The same of either list.
    pub(crate) fn rows_of(&self, list: List, alias: &str) -> Rows {
        let (place, columns) = (self.place(list), self.columns(list));
        match list {
            List::Tenants => Rows::of_tenants(self, columns, alias),
            List::Spares => Rows::of_spares(place, columns, alias),
        }
    }

    /// A list as SQL text, qualified: the table that is written.
    pub(crate) fn name_of(&self, list: List) -> &str {
        &self.place(list).table
    }

    /// Returns the rules for names, and for the schemas of tenants.
    #[must_use]
    pub fn names(&self) -> &Naming {
        &self.0.naming
    }

    /// Whether the application's own tables list the tenants.
    #[must_use]
    pub fn is_query(&self) -> bool {
        self.0.source.is_query()
    }

    /// Whether no two rows can have the same name or the same schema: the table's key is unique,
    /// and each name has its own schema.
    pub(crate) fn has_each_once(&self) -> bool {
        !self.is_query() && !self.names().is_mapped()
    }

    /// Refuses a name that no new tenant may have.
    ///
    /// # Errors
    ///
    /// [`InvalidName`].
    pub(crate) fn require_allowed(&self, name: &TenantName) -> Result<(), InvalidName> {
        self.names().name(name.as_str()).map(drop)
    }

    /// The schema of the tenant `name`, as far as that is known without a query. `None` if only the
    /// list knows it and has not been read recently.
    pub(crate) fn known_schema(&self, name: &TenantName) -> Option<SchemaName> {
        match self.names().is_mapped() {
            true => self.0.schemas.get(name.as_str()),
            false => self.names().schema_of(name),
        }
    }

    /// What a row of `list` with the key `key` is about; `schema` is what the list says of
    /// its schema, if only the list knows that.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRow`] or [`Error::InvalidSpareRow`].
    pub(crate) fn entry(
        &self,
        list: List,
        key: &str,
        schema: Option<&str>,
    ) -> Result<Entry, Error> {
        match list {
            List::Tenants => self.tenant(key, schema).map(Entry::Tenant),
            List::Spares => self.spare(key).map(Entry::Spare),
        }
    }

    /// The tenant whose row has the key `key`, with its schema.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRow`], or [`UnfitRow::NoSchema`].
    pub(crate) fn tenant(&self, key: &str, schema: Option<&str>) -> Result<Target, Error> {
        let invalid = |source| Error::InvalidRow {
            list: self.words_for_list(),
            source,
        };
        let name = self.registered(key).map_err(invalid)?;
        if let Some(schema) = self.names().derived(&name).map_err(invalid)? {
            return Ok(Target { name, schema });
        }
        let Some(schema) = schema.filter(|schema| !schema.is_empty()) else {
            return Err(Error::UnfitRow(Box::new(UnfitRow::NoSchema { name })));
        };
        let schema = InvalidName::with_schema(key, schema).map_err(invalid)?;
        self.0.schemas.remember(key, &schema);
        Ok(Target { name, schema })
    }

    /// The name that a row with the key `key` has.
    ///
    /// # Errors
    ///
    /// [`InvalidName`].
    pub(crate) fn registered(&self, key: &str) -> Result<TenantName, InvalidName> {
        if key.is_empty() {
            return Err(InvalidName::of(key, NameRule::NoName));
        }
        // What an application calls its customers is not ours to judge.
        match self.is_query() {
            true => TenantName::quoted(key),
            false => self.names().registered(key),
        }
    }

    /// What says which tenants there are, for people.
    pub(crate) fn words_for_list(&self) -> String {
        match self.is_query() {
            true => "the query for tenants".to_owned(),
            false => format!("`{}`", self.sql_table()),
        }
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

    fn states(&self) -> &States {
        &self.0.states
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
