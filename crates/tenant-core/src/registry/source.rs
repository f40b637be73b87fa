//! [`Source`]: what says which tenants there are.

use super::beside::BESIDE_SCHEMA;
use super::columns::{Column, Columns};
use super::place::Place;
use super::states::States;
use crate::name::Naming;

/// The columns that a query gives: the tenant's name, its schema, and since when it is there.
const NAME: &str = "name";
const SCHEMA: &str = "schema";

/// The schema that is kept beside.
pub(super) const KEPT_SCHEMA: &str = "kept_schema";

/// What says which tenants there are, and so has the rows that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// The table that is written as well.
    Table {
        /// The column with the name of the schema, quoted, if it has one.
        schema: Option<String>,
        /// The condition on its rows, as configured.
        only: Option<String>,
    },
    /// A query on the application's own tables, as configured. The library keeps its own data about
    /// a tenant in the table beside them.
    Query(String),
}

impl Default for Source {
    fn default() -> Self {
        let (schema, only) = (None, None);
        Self::Table { schema, only }
    }
}

/// A list as the rest of a statement sees it.
pub(super) struct Seen {
    /// What follows `FROM`, with the alias.
    pub(super) from: String,
    /// The name of a row's tenant.
    pub(super) key: String,
    /// The name of its schema.
    pub(super) schema: String,
}

impl Source {
    /// The rows under the name `alias`, of a list that is kept in `place`.
    pub(super) fn seen(
        &self,
        place: &Place,
        columns: Columns,
        naming: &Naming,
        states: &States,
        alias: &str,
    ) -> Seen {
        match self {
            Self::Table { schema, only } => {
                let key = format!("{alias}.{}", place.key);
                let listed = schema
                    .as_ref()
                    .map(|column| format!("{alias}.{column}::text"));
                let derived = || naming.sql(&key).unwrap_or_else(|| key.clone());
                Seen {
                    from: match only {
                        None => format!("{} {alias}", place.table),
                        Some(only) => {
                            format!("(SELECT * FROM {} WHERE (\n{only}\n)) {alias}", place.table)
                        }
                    },
                    schema: listed.unwrap_or_else(derived),
                    key,
                }
            }
            Self::Query(query) => Seen {
                from: format!(
                    "({}) {alias}",
                    beside(query, place, columns, naming, states)
                ),
                key: format!("{alias}.{NAME}"),
                schema: format!("{alias}.{SCHEMA}"),
            },
        }
    }

    /// Whether the application's own tables say which tenants there are.
    pub(super) fn is_query(&self) -> bool {
        matches!(self, Self::Query(_))
    }

    /// Whether each row of the list says what its tenant's schema is called.
    pub(super) fn schema_column(&self) -> Option<&str> {
        match self {
            Self::Table { schema, .. } => schema.as_deref(),
            Self::Query(_) => None,
        }
    }

    /// The condition on the rows of a table that are tenants, in parentheses, if there is one.
    pub(super) fn condition(&self) -> Option<String> {
        match self {
            Self::Table { only, .. } => only.as_ref().map(|only| format!("(\n{only}\n)")),
            Self::Query(_) => None,
        }
    }

    /// A query with all of the application's own text, that reads no row. Sent as one statement, it
    /// fails with a syntax error if that text is more than a part of a statement.
    pub(super) fn application_text(&self, place: &Place) -> Option<String> {
        let condition = self.condition();
        let table = &place.table;
        let select = |condition| format!("SELECT FROM {table} WHERE {condition} LIMIT 0");
        self.describing().or_else(|| condition.map(select))
    }

    /// The query for the columns that a query of the application gives, and no row.
    pub(super) fn describing(&self) -> Option<String> {
        match self {
            Self::Table { .. } => None,
            Self::Query(query) => Some(format!("SELECT * FROM ({}) q LIMIT 0", inner(query))),
        }
    }
}

/// The rows of a query, with what is kept of each beside it. A row without a name has the
/// empty one, which no tenant can have: it is told like each other row that is no tenant.
fn beside(
    query: &str,
    place: &Place,
    columns: Columns,
    naming: &Naming,
    states: &States,
) -> String {
    let schema = naming
        .sql("q.name")
        .unwrap_or_else(|| "q.schema".to_owned());
    let created_at = match columns.has(Column::CreatedAt) {
        true => "q.created_at::timestamptz",
        false => "NULL::timestamptz",
    };
    // A pool may be opened without looking at the columns: then both are looked for in the row.
    let state = match states.is_given() {
        true => "q.state::text",
        false => "pg_catalog.to_jsonb(q) ->> 'state'",
    };
    let suspension = match columns.has(Column::Suspension) {
        true => "b.suspension",
        false => "pg_catalog.to_jsonb(b) -> 'suspension'",
    };
    format!(
        "SELECT coalesce(q.name::text, '') AS {NAME}, {schema}::text AS {SCHEMA}, {created_at} AS created_at, \
         {state} AS state, {suspension} AS suspension, b.{BESIDE_SCHEMA} AS {KEPT_SCHEMA}, \
         b.version, b.migrated_at, coalesce(b.fingerprints, '{{}}') AS fingerprints \
         FROM ({}) q LEFT JOIN {} b ON b.{} = q.name::text",
        inner(query),
        place.table,
        place.key
    )
}

/// The query as a part of another one: without the semicolon at its end, and with a line's
/// end behind a comment.
fn inner(query: &str) -> String {
    format!("\n{}\n", query.trim().trim_end_matches(';'))
}
