//! [`Dml`]: a statement that runs with its values bound, and the same for people.

use tenant_core::{quote_ident, quote_literal};
use tokio_postgres::types::{ToSql, Type};

use super::catalog::Table;

/// A statement in the making. Names come from the catalog and are quoted; each
/// value is bound as text, and cast to its column's type by PostgreSQL.
#[derive(Debug, Default)]
pub(super) struct Dml {
    pub(super) sql: String,
    /// With the values in it. It is shown, and never run.
    pub(super) shown: String,
    values: Vec<Option<String>>,
}

impl Dml {
    pub(super) fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
        self.shown.push_str(sql);
    }

    /// Adds what is run, and not shown.
    pub(super) fn push_hidden(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    /// Adds a value of the type. The type is without its length: PostgreSQL then
    /// refuses what is too long for the column, where a cast would cut it.
    pub(super) fn value(&mut self, value: Option<&str>, base_type: &str) {
        let bound = self.bind(value, base_type);
        self.sql.push_str(&bound);
        match value {
            Some(text) => self.shown.push_str(&quote_literal(text)),
            None => self.shown.push_str("NULL"),
        }
    }

    /// Adds that `name` has this value; `condition` says it of the bound value.
    pub(super) fn equals(
        &mut self,
        name: &str,
        (value, base_type): (&str, &str),
        condition: impl FnOnce(&str) -> String,
    ) {
        let bound = self.bind(Some(value), base_type);
        self.sql.push_str(&condition(&bound));
        let value = quote_literal(value);
        self.shown.push_str(&format!("{name} = {value}"));
    }

    fn bind(&mut self, value: Option<&str>, base_type: &str) -> String {
        self.values.push(value.map(str::to_owned));
        let number = self.values.len();
        format!("CAST(${number}::pg_catalog.text AS {base_type})")
    }

    /// The values as the driver takes them.
    pub(super) fn parameters(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        let values = self.values.iter();
        values
            .map(|value| (value as &(dyn ToSql + Sync), Type::TEXT))
            .collect()
    }
}

impl Table {
    /// The table with its schema, as the target of a change.
    pub(super) fn target(&self) -> String {
        let (schema, name) = (&self.schema, &self.relation.name);
        format!("{}.{}", quote_ident(schema), quote_ident(name))
    }
}
