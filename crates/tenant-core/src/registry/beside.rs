//! What is kept of the tenants of a query: the statements that write it.
//!
//! The application's tables say which tenants there are, and they change without this
//! library. So a row beside them may be missing, or be left of a tenant that is gone: it is
//! written whether there is one or not.

use sql_text::literal;

use super::change::{Values, at_most};
use super::columns::Column;
use super::place::Place;
use super::{List, Registry};
use crate::assertion::Assertion;
use crate::name::Schema;

/// The column with the name of the tenant's schema.
pub(super) const BESIDE_SCHEMA: &str = "schema";

/// The columns that are kept, beside the tenant's name and its schema.
const KEPT: [Column; 4] = [
    Column::Version,
    Column::MigratedAt,
    Column::Fingerprints,
    Column::Suspension,
];

impl Registry {
    /// Whether rows of `list` are written beside the list that is read.
    pub(super) fn is_beside(&self, list: List) -> bool {
        list == List::Tenants && self.is_query()
    }

    /// What follows the insertion of a row: it takes the place of one that is left.
    pub(super) fn in_place_of_old(&self, list: List) -> String {
        match self.is_beside(list) {
            true => self.replacing(),
            false => String::new(),
        }
    }

    /// What is kept beside the tenant's name and its schema.
    fn kept_columns(&self) -> impl Iterator<Item = &'static str> {
        let columns = self.columns(List::Tenants);
        let kept = KEPT.into_iter().filter(move |it| columns.has(*it));
        kept.map(Column::name)
    }

    /// What follows the insertion of a row: it replaces all that was kept.
    fn replacing(&self) -> String {
        let columns = [BESIDE_SCHEMA].into_iter().chain(self.kept_columns());
        let columns = columns.collect::<Vec<_>>();
        on_conflict(&self.place(List::Tenants).key, &columns)
    }

    /// Writes `values`, which may refer to the columns of the existing row, if there is one.
    pub(super) fn update_beside(
        &self,
        schema: Schema<'_>,
        values: &Values,
        path_holds: &str,
    ) -> String {
        let place = self.place(List::Tenants);
        let (table, key) = (&place.table, &place.key);
        let row = self.row_of(List::Tenants, schema);
        let written = values.set.iter().map(|(name, _)| name.as_str());
        let written = [BESIDE_SCHEMA].into_iter().chain(written);
        format!(
            "INSERT INTO {table} ({}{}) SELECT {}{} FROM {} WHERE {} = 1{}",
            row.names,
            values.names(),
            row.values,
            values.values(),
            self.kept_of(schema),
            Assertion::Path.require(path_holds),
            on_conflict(key, &written.collect::<Vec<_>>())
        )
    }

    /// What follows `FROM`: one row, with what is kept of the tenant, if anything is.
    pub(super) fn kept_of(&self, schema: Schema<'_>) -> String {
        let place = self.place(List::Tenants);
        format!(
            "(SELECT b.version, coalesce(b.fingerprints, '{{}}') AS fingerprints \
             FROM (SELECT) one LEFT JOIN {} b ON b.{} = {}) kept",
            place.table,
            place.key,
            literal(schema.key())
        )
    }

    /// Gives what is kept of a tenant another name. What is left of a tenant that had it is
    /// replaced.
    pub(super) fn rename_beside(&self, from: Schema<'_>, to: Schema<'_>) -> String {
        let place = self.place(List::Tenants);
        let (table, key) = (&place.table, &place.key);
        let row = self.row_of(List::Tenants, to);
        let kept = self.kept_columns().collect::<Vec<_>>().join(", ");
        let insert = format!(
            "INSERT INTO {table} ({}, {kept}) SELECT {}, {kept} FROM gone{}",
            row.names,
            row.values,
            self.replacing()
        );
        format!(
            "WITH gone AS (DELETE FROM {table} WHERE {key} = {} RETURNING *), {}",
            literal(from.key()),
            place.written(&insert, &at_most(to.key()))
        )
    }

    /// The statement that fails unless the list has the tenant with its schema and gives that
    /// schema to no other tenant. The row may have been written by the application or by a trigger
    /// of a view. `None` for the library's own table.
    pub(crate) fn confirm(&self, schema: Schema<'_>) -> Option<String> {
        if self.list_for(schema) != Some(List::Tenants) || self.is_our_own() {
            return None;
        }
        let rows = self.rows("t");
        let unmet = match self.is_query() {
            true => Assertion::Confirmed,
            false => Assertion::Listed,
        };
        let (key, name) = (literal(schema.key()), literal(schema.schema_name()));
        let alone = match self.names().is_mapped() {
            true => format!(
                " AND NOT EXISTS (SELECT FROM {} WHERE {} = {name} AND {} <> {key})",
                rows.from, rows.schema, rows.key
            ),
            false => String::new(),
        };
        Some(unmet.check(&format!(
            "(SELECT count(*) = 1 AND bool_and({} = {name}) FROM {} WHERE {} = {key}){alone}",
            rows.schema, rows.from, rows.key
        )))
    }

    /// The statement that fails while the list has the tenant, or another one with its schema.
    /// None for our own table.
    pub(crate) fn confirm_gone(&self, schema: Schema<'_>) -> Option<String> {
        if self.list_for(schema) != Some(List::Tenants) || self.is_our_own() {
            return None;
        }
        let rows = self.rows("t");
        Some(Assertion::Gone.check(&format!(
            "NOT EXISTS (SELECT FROM {} WHERE {} = {} OR {} = {})",
            rows.from,
            rows.key,
            literal(schema.key()),
            rows.schema,
            literal(schema.schema_name())
        )))
    }

    /// An expression: whether something is kept of the tenant with this schema. None where
    /// nothing is kept beside the list.
    pub(super) fn kept_beside(&self, schema: Schema<'_>) -> Option<String> {
        if !self.is_query() {
            return None;
        }
        let place = self.place(List::Tenants);
        Some(format!(
            "EXISTS (SELECT FROM {} WHERE {} = {} AND {BESIDE_SCHEMA} = {})",
            place.table,
            place.key,
            literal(schema.key()),
            literal(schema.schema_name())
        ))
    }

    /// What follows a condition: nothing is kept of a tenant with the schema that the
    /// expression `schema` is.
    pub(crate) fn none_beside(&self, schema: &str) -> String {
        if !self.is_query() {
            return String::new();
        }
        let table = self.name_of(List::Tenants);
        format!(" AND NOT EXISTS (SELECT FROM {table} b WHERE b.{BESIDE_SCHEMA} = {schema})")
    }

    /// The query for the schemas of tenants that the application does not list any more,
    /// whose names are its parameter: name and schema.
    pub(super) fn schemas_beside(&self) -> Option<String> {
        if !self.is_query() {
            return None;
        }
        let (rows, place) = (self.rows("t"), self.place(List::Tenants));
        Some(format!(
            "SELECT b.{key}, b.{BESIDE_SCHEMA} FROM {table} b WHERE b.{key} = ANY ($1) \
             AND NOT EXISTS (SELECT FROM {from} WHERE {name} = b.{key})",
            key = place.key,
            table = place.table,
            from = rows.from,
            name = rows.key,
        ))
    }

    /// Whether the list is the table of this library, which has a row for each tenant.
    pub(super) fn is_our_own(&self) -> bool {
        self.is_plain() && *self.place(List::Tenants) == Place::tenants()
    }

    /// The query for what is kept of tenants that the application does not list, and whose schema
    /// it gives to no other one: name and schema, and whether the schema exists. None where no such
    /// thing is kept.
    pub(crate) fn left_beside(&self) -> Option<String> {
        if !self.is_query() {
            return None;
        }
        let (rows, place) = (self.rows("t"), self.place(List::Tenants));
        Some(format!(
            "SELECT b.{key}::text, b.{BESIDE_SCHEMA}::text, n.oid IS NOT NULL FROM {table} b \
             LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = b.{BESIDE_SCHEMA} \
             WHERE NOT EXISTS (SELECT FROM {from} WHERE {name} = b.{key}) \
               AND NOT EXISTS (SELECT FROM {from} WHERE {schema} = b.{BESIDE_SCHEMA}) ORDER BY 1",
            key = place.key,
            table = place.table,
            from = rows.from,
            name = rows.key,
            schema = rows.schema,
        ))
    }
}

/// The clause after an insertion into the table with the key `key`. If the row exists, it updates
/// these columns instead.
fn on_conflict(key: &str, columns: &[&str]) -> String {
    let set = columns
        .iter()
        .map(|name| format!("{name} = EXCLUDED.{name}"));
    let set = set.collect::<Vec<_>>().join(", ");
    format!(" ON CONFLICT ({key}) DO UPDATE SET {set}")
}
