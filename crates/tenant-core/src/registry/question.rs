//! Questions about the lists themselves, and what people are told to run on them.

use std::sync::atomic::Ordering;

use sql_text::literal;

use super::beside::BESIDE_SCHEMA;
use super::columns::{Column, Columns};
use super::place::Place;
use super::source::Source;
use super::{List, Registry, Rows, SPARE_PREFIX};
use crate::name::{Schema, SchemaName};
use crate::{Error, PgError, UnfitList};

impl Registry {
    /// An expression: whether the schema has a row.
    pub(crate) fn is_registered(&self, schema: Schema<'_>) -> String {
        let Some(list) = List::of(schema) else {
            return "true".to_owned();
        };
        if !self.0.has_lists {
            return "false".to_owned();
        }
        let (place, name) = (self.place(list), literal(schema.key()));
        if list == List::Tenants && !self.is_plain() {
            let rows = self.rows("t");
            // A row that says no schema, or another one, is no registration of this one.
            let with_it = match self.0.source.schema_column() {
                Some(_) => format!(" AND {} = {}", rows.schema, literal(schema.schema_name())),
                None => String::new(),
            };
            let (from, key) = (rows.from, rows.key);
            let listed = format!("EXISTS (SELECT FROM {from} WHERE {key} = {name}{with_it})");
            return match self.kept_beside(schema) {
                Some(kept) => format!("({listed} OR {kept})"),
                None => listed,
            };
        }
        let (table, key) = (&place.table, &place.key);
        format!("EXISTS (SELECT FROM {table} WHERE {key} = {name})")
    }

    /// Whether the list of tenants is a table that is read as it is.
    pub(super) fn is_plain(&self) -> bool {
        self.0.source == Source::default()
    }

    /// The query for the schemas of the tenants whose names are its parameter, where only the
    /// list knows them: name and schema.
    pub(crate) fn schemas_of(&self) -> String {
        let Rows {
            from, key, schema, ..
        } = self.rows("t");
        let listed =
            format!("SELECT {key}::text, {schema}::text FROM {from} WHERE {key} = ANY ($1)");
        match self.schemas_beside() {
            Some(kept) => format!("{listed} UNION ALL {kept}"),
            None => listed,
        }
    }

    /// The query that fails where there is no such list, and gives nothing.
    pub(crate) fn probe(&self, list: List) -> String {
        format!("SELECT FROM {} LIMIT 0", self.name_of(list))
    }

    /// The query for all rows of a list: key, when it was made, version. Where the list of
    /// tenants says more than that, also the schema, if only the list knows it, the state, the
    /// schema that is kept beside a query, and the suspension; each of them can be null. The last
    /// column is the time.
    pub(crate) fn all(&self, list: List) -> String {
        if list == List::Tenants
            && (!self.is_plain() || self.has_states() || self.keeps_suspensions())
        {
            return self.all_tenants();
        }
        let (place, columns) = (self.place(list), self.columns(list));
        let key = match list {
            List::Tenants if !self.is_our_own() => name_of(&place.key),
            _ => place.key.clone(),
        };
        let or_null = |column: Column, of: &str| {
            let name = columns.has(column).then(|| column.name().to_owned());
            name.unwrap_or_else(|| format!("NULL::{of}"))
        };
        format!(
            "SELECT {key}, {}, {} FROM {}",
            or_null(Column::CreatedAt, "timestamptz"),
            or_null(Column::Version, "text"),
            place.table
        )
    }

    fn all_tenants(&self) -> String {
        let rows = self.rows("t");
        let schema = self.names().is_mapped().then_some(rows.schema);
        let or_null = |text: Option<String>| text.unwrap_or_else(|| "NULL".to_owned());
        let more = [schema, rows.state, rows.kept_schema].map(or_null);
        let [schema, state, kept] = more;
        let (key, from) = (name_of(&rows.key), rows.from);
        let (created_at, version) = (rows.created_at, rows.version);
        let suspension = self.keeps_suspensions().then_some(rows.suspension);
        let suspension = or_null(suspension);
        format!(
            "SELECT {key}, {created_at}, {version}, {schema}::text, {state}::text, \
             {kept}::text, {suspension}::text, pg_catalog.now() FROM {from}"
        )
    }

    /// The query for those schemas of a list, its parameter, that are tenants'.
    pub(crate) fn of_tenants(&self) -> String {
        let Rows { from, schema, .. } = self.rows("t");
        format!("SELECT {schema} FROM {from} WHERE {schema} = ANY ($1)")
    }

    /// A condition on a row of the list of spares: whether the schema is no tenant's. A
    /// schema that is in both lists, as a restored list can have it, has a tenant's rows:
    /// it is never taken or dropped as a spare.
    fn is_of_no_tenant(&self) -> String {
        let Rows { from, schema, .. } = self.rows("t");
        let spares = self.place(List::Spares);
        format!(
            "NOT EXISTS (SELECT FROM {from} WHERE {schema} = {}.{})",
            spares.table, spares.key
        )
    }

    /// Whether the lists have all the columns that they can have. If so, they are not checked
    /// again.
    pub(crate) fn is_complete(&self) -> bool {
        match self.is_query() {
            true => self.0.is_described.load(Ordering::Relaxed) && self.keeps_suspensions(),
            false => self.columns(List::Tenants) == Columns::ALL,
        }
    }

    /// A query with all of the application's own text, if there is such text.
    pub(crate) fn application_text(&self) -> Option<String> {
        self.0.source.application_text(self.place(List::Tenants))
    }

    /// The query whose columns are those of the application's query, if there is one.
    pub(crate) fn describing(&self) -> Option<String> {
        self.0.source.describing()
    }

    /// Whether the server reports that one of the library's own tables is missing, and not a table
    /// that the application's query names.
    pub(crate) fn is_ours(&self, error: &PgError) -> bool {
        if !self.is_query() {
            return true;
        }
        let message = error.message().unwrap_or_default();
        let mut tables = self.lists().into_iter();
        tables.any(|table| message.contains(&table.replace('"', "")))
    }

    /// Keeps which columns that query gives.
    ///
    /// # Errors
    ///
    /// [`Error::UnfitList`] if one is missing.
    pub(crate) fn learn_query<'a>(
        &self,
        columns: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), Error> {
        let needed = [("name", true), ("schema", self.names().is_mapped())];
        let is_missing = |(name, is_needed): &(&str, bool)| {
            *is_needed && !columns.clone().any(|column| column == *name)
        };
        let missing = needed.into_iter().filter(is_missing);
        let faults = missing.map(|(name, _)| format!("it returns no column `{name}`"));
        let faults = faults.collect::<Vec<_>>();
        if !faults.is_empty() {
            let list = self.words_for_list();
            return Err(Error::UnfitList(Box::new(UnfitList { list, faults })));
        }
        let found = Columns::beside(columns.clone().any(|column| column == "created_at"));
        self.list(List::Tenants).found.set(found);
        self.states()
            .give(columns.clone().any(|column| column == "state"));
        self.0.is_described.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The query for the columns of both lists, whose names are its parameters, as
    /// [`lists`](Self::lists) gives them: which list, of type `int`, and the column.
    pub(crate) const COLUMNS: &'static str = "SELECT l.place::int, a.attname::text \
         FROM pg_catalog.unnest($1) WITH ORDINALITY l (name, place) \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = pg_catalog.to_regclass(l.name) \
         WHERE a.attnum > 0 AND NOT a.attisdropped";

    /// Both lists as SQL texts, the tenants' first.
    pub(crate) fn lists(&self) -> [&str; 2] {
        [List::Tenants, List::Spares].map(|list| self.name_of(list))
    }

    /// Keeps what that query has found. Of a list that is not there nothing is learned;
    /// but that of spares is made with all its columns.
    pub(crate) fn learn(&self, rows: &[(i32, String)]) {
        let of = |place: i32| {
            let names = rows.iter().filter(move |(of, _)| *of == place);
            let mut names = names.map(|(_, name)| name.as_str()).peekable();
            names.peek().is_some().then(|| Columns::of(names))
        };
        if let Some(tenants) = of(1) {
            let found = &self.list(List::Tenants).found;
            found.set(match self.is_query() {
                false => tenants,
                // All else is known of the table beside a query.
                true => found.columns().with(Column::Suspension, tenants),
            });
        }
        let spares = of(2).unwrap_or(Columns::ALL);
        self.list(List::Spares).found.set(spares);
    }

    /// Whether it is known which texts of migrations were applied.
    pub(crate) fn has_fingerprints(&self) -> bool {
        self.columns(List::Tenants).has(Column::Fingerprints)
    }

    /// The statement by which the texts of all migrations of a tenant are forgotten, for
    /// people to run.
    pub(crate) fn forget_fingerprints(&self, key: &str) -> String {
        let place = self.place(List::Tenants);
        format!(
            "UPDATE {} SET fingerprints = '{{}}' WHERE {} = {}",
            place.table,
            place.key,
            literal(key)
        )
    }

    /// The statement that takes a row off the list of tenants, for people to run.
    pub(crate) fn unregister(&self, key: &str) -> String {
        let place = self.place(List::Tenants);
        format!(
            "DELETE FROM {} WHERE {} = {}",
            place.table,
            place.key,
            literal(key)
        )
    }

    /// The statement by which what is kept beside a query names the schema that the query
    /// gives, for people to run.
    pub(crate) fn keep_schema(&self, key: &str, schema: &str) -> String {
        let place = self.place(List::Tenants);
        format!(
            "UPDATE {} SET {BESIDE_SCHEMA} = {} WHERE {} = {}",
            place.table,
            literal(schema),
            place.key,
            literal(key)
        )
    }

    /// The statement that takes a spare out of its list, for people to run.
    pub(crate) fn forget_spare(&self, key: &str) -> String {
        let place = self.place(List::Spares);
        format!(
            "DELETE FROM {} WHERE {} = {}",
            place.table,
            place.key,
            literal(key)
        )
    }

    /// The query that picks and locks the oldest spare that was last seen at the version `newest`
    /// and that no other session is about to take. It skips the spares in `passed_over`, and spares
    /// in which one of `texts` (versions and fingerprints) was different when it was applied.
    pub(crate) fn pick_spare<'a>(
        &self,
        newest: Option<&str>,
        passed_over: &[SchemaName],
        texts: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> String {
        let as_now = self.as_now(texts);
        let place = self.place(List::Spares);
        let (table, key) = (&place.table, &place.key);
        let version = super::change::version_or_null(newest);
        let passed_over = passed_over.iter().map(|name| literal(name.as_str()));
        let passed_over = passed_over.collect::<Vec<_>>().join(", ");
        format!(
            "SELECT {key} FROM {table} WHERE version IS NOT DISTINCT FROM {version} \
             AND pg_catalog.starts_with({key}::text, {}) \
             AND {key} <> ALL (ARRAY[{passed_over}]::text[]) AND {} AND {as_now} \
             ORDER BY created_at, {key} LIMIT 1 FOR UPDATE SKIP LOCKED",
            literal(SPARE_PREFIX),
            self.is_of_no_tenant()
        )
    }

    /// The query for the spares in which one of `texts`, versions and fingerprints, was
    /// another when it was applied: those that are not picked because of that.
    pub(crate) fn outdated_spares<'a>(
        &self,
        texts: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> String {
        let Place { table, key, .. } = self.place(List::Spares);
        let as_now = self.as_now(texts);
        format!("SELECT {key}::text FROM {table} WHERE NOT ({as_now})")
    }

    /// A condition on a row of the list of spares: whether all texts in it are those of
    /// `texts`, versions and fingerprints.
    fn as_now<'a>(&self, texts: impl Iterator<Item = (&'a str, &'a str)>) -> String {
        if !self.columns(List::Spares).has(Column::Fingerprints) {
            return "true".to_owned();
        }
        let (versions, fingerprints): (Vec<_>, Vec<_>) = texts
            .map(|(version, text)| (literal(version), literal(text)))
            .unzip();
        format!(
            "fingerprints <@ pg_catalog.jsonb_object(ARRAY[{}]::text[], ARRAY[{}]::text[])",
            versions.join(", "),
            fingerprints.join(", ")
        )
    }

    /// The statement by which a transaction finds out that its snapshot of a tenant is out of date.
    /// Its first statement took the lock, and the snapshot is as old as the beginning of that
    /// statement. A session that changed the tenant in between has written to its row, and
    /// PostgreSQL answers with 40001.
    pub(crate) fn hold(&self, tenant: Schema<'_>) -> String {
        let place = self.place(List::Tenants);
        let name = literal(tenant.key());
        format!(
            "SELECT FROM {} WHERE {} = {name} FOR SHARE",
            place.table, place.key
        )
    }
}

/// An expression: the name that the expression `key` gives. A row without one has the empty
/// name, which no tenant can have: it is told like each other row that is no tenant.
fn name_of(key: &str) -> String {
    format!("coalesce({key}::text, '')")
}
