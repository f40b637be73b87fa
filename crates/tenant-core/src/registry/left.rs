//! Schemas that the application's list does not name any more: it has renamed the tenant in its
//! own tables, or deleted it there.
//!
//! For most tenants a row beside the list says whose they were. A tenant whose schema existed
//! before this library has none until a run records it.

use sql_text::literal;

use super::beside::BESIDE_SCHEMA;
use super::{List, Registry};
use crate::name::{MIGRATION_HISTORY, Schema};

/// Two statements about listed tenants of which nothing is kept beside the list.
pub(crate) struct Unrecorded {
    /// Whether there is one.
    pub(crate) question: String,
    /// Records all of them.
    pub(crate) record: String,
}

impl Registry {
    /// An expression: whether the schema has a migration history, and is that of no tenant that is
    /// listed or kept. None where the application cannot have changed the list, or where only the
    /// list knows which schema is whose.
    pub(crate) fn is_left(&self, schema: Schema<'_>) -> Option<String> {
        self.list_for(schema)
            .filter(|list| *list == List::Tenants)?;
        if self.is_our_own() || self.names().is_mapped() {
            return None;
        }
        let rows = self.rows("t");
        let name = literal(schema.schema_name());
        Some(format!(
            "EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
                 ON n.oid = c.relnamespace WHERE n.nspname = {name} AND c.relname = {}) \
             AND NOT EXISTS (SELECT FROM {} WHERE {} = {name}){}",
            literal(MIGRATION_HISTORY),
            rows.from,
            rows.schema,
            self.none_beside(&name)
        ))
    }

    /// An expression: whether a row beside the list, or a row of its table that the list leaves out,
    /// has the tenant's name. None where there are no such rows.
    pub(crate) fn has_unlisted_row(&self, schema: Schema<'_>) -> Option<String> {
        self.kept_beside(schema).or_else(|| {
            self.0.source.condition()?;
            let place = self.place(List::Tenants);
            let (table, key, name) = (&place.table, &place.key, literal(schema.key()));
            Some(format!("EXISTS (SELECT FROM {table} WHERE {key} = {name})"))
        })
    }

    /// The statements that record beside a query the listed tenants with a migrated schema. None
    /// for a table, whose rows are all that there is.
    pub(crate) fn unrecorded(&self) -> Option<Unrecorded> {
        if !self.is_query() {
            return None;
        }
        let (rows, place) = (self.rows("t"), self.place(List::Tenants));
        let (table, key) = (&place.table, &place.key);
        let found = format!(
            "FROM {from} JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} \
             JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = {history} \
             WHERE {name} <> '' AND n.nspname !~ '^pg_' \
               AND n.nspname NOT IN ('public', 'information_schema') \
               AND NOT EXISTS (SELECT FROM {table} b WHERE b.{key} = {name})",
            from = rows.from,
            schema = rows.schema,
            name = rows.key,
            history = literal(MIGRATION_HISTORY),
        );
        Some(Unrecorded {
            question: format!("SELECT 1 {found} LIMIT 1"),
            record: format!(
                "INSERT INTO {table} ({key}, {BESIDE_SCHEMA}) SELECT {}, n.nspname::text {found} \
                 ON CONFLICT DO NOTHING",
                rows.key
            ),
        })
    }
}
