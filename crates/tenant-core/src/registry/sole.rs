//! Whether a schema is one tenant's only.

use super::{List, Registry, Rows};

impl Registry {
    /// The query for the other tenants whose schema a tenant's is too, or may be; the tenant's
    /// name and its schema are the parameters. It gives name and schema of each, and whether the
    /// list gives it the same schema. None where each schema is called as its tenant.
    pub(crate) fn others_with_schema(&self) -> Option<String> {
        if self.names().is_same() {
            return None;
        }
        let Rows {
            from, key, schema, ..
        } = self.rows("t");
        let called = match self.names().is_mapped() {
            // A schema that is called like another tenant says nothing there.
            true => String::new(),
            false => format!(" OR {key}::text = $2 AND NOT {}", exists(&schema)),
        };
        Some(format!(
            "SELECT {key}::text, {schema}::text, {schema}::text = $2 FROM {from} \
             WHERE {key}::text <> $1 AND ({schema}::text = $2{called}) ORDER BY 1"
        ))
    }

    /// The query for the rows of the table that are no tenants and name the schema of one; the
    /// tenant's name and its schema are the parameters. It gives the name of each. None where no
    /// row can do that.
    pub(crate) fn hidden_with_schema(&self) -> Option<String> {
        let (condition, column) = (self.0.source.condition()?, self.0.source.schema_column()?);
        let place = self.place(List::Tenants);
        let (table, key) = (&place.table, &place.key);
        Some(format!(
            "SELECT coalesce({key}::text, '') FROM {table} \
             WHERE {key}::text IS DISTINCT FROM $1 AND {column}::text = $2 \
               AND {condition} IS NOT TRUE ORDER BY 1"
        ))
    }

    /// Whether the schema contains the list of tenants, or the table beside it.
    pub(crate) fn is_in(&self, schema: &str) -> bool {
        self.place(List::Tenants).schema == schema
    }

    /// The query for the tenants whose schema exists and is called like another tenant, whose
    /// own does not exist: name and schema of both. None where no template makes schemas' names.
    pub(crate) fn doubtful_schemas(&self) -> Option<String> {
        if self.names().is_same() || self.names().is_mapped() {
            return None;
        }
        let (rows, others) = (self.rows("t"), self.rows("o"));
        Some(format!(
            "SELECT {}::text, {}::text, {}::text, {}::text \
             FROM {} JOIN {} ON {}::text = {} WHERE {} AND NOT {} ORDER BY 1",
            rows.key,
            rows.schema,
            others.key,
            others.schema,
            rows.from,
            others.from,
            others.key,
            rows.schema,
            exists(&rows.schema),
            exists(&others.schema),
        ))
    }
}

/// An expression: whether there is a schema that is called as the expression `schema` says.
fn exists(schema: &str) -> String {
    format!("EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = {schema})")
}
