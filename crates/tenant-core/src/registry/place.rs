//! Where a list is, and what its key is called: as SQL text.

use sql_text::ident;

/// The list of tenants, unless another is named. A name that needs no quotes has none,
/// because people read it in errors.
const TENANTS: &str = "public.schema_tracker";

/// The list of spare schemas. A database that was set up by an older program has none,
/// and then there are no spares.
const SPARES: &str = "public.spare_schemas";

/// What is kept of the tenants of a query, unless another table is named.
const STATE: &str = "public.tenant_state";

/// What migrations make, kept for the next check. A database that was set up by an older
/// program has no such table, and then each check tries the migrations.
pub(crate) const EXPECTATIONS: &str = "public.expected_shapes";

/// The column that tells the rows of a list apart, unless another is named.
const KEY: &str = "name";

/// A table, and the column that tells its rows apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Qualified.
    pub(super) table: String,
    pub(super) key: String,
    /// The schema of the table, without quotes.
    pub(super) schema: String,
}

impl Place {
    /// Where the tenants are listed, unless another table is named.
    pub(super) fn tenants() -> Self {
        Self::plain("public", TENANTS)
    }

    /// Where the spares are.
    pub(super) fn spares() -> Self {
        Self::plain("public", SPARES)
    }

    /// Where what a query does not give is kept.
    pub(super) fn state() -> Self {
        Self::plain("public", STATE)
    }

    fn plain(schema: &str, table: &str) -> Self {
        Self {
            schema: schema.to_owned(),
            table: table.to_owned(),
            key: KEY.to_owned(),
        }
    }

    /// This table; the names are quoted.
    pub(super) fn elsewhere(schema: &str, table: &str) -> Self {
        Self::plain(schema, &format!("{}.{}", ident(schema), ident(table)))
    }

    /// The same table with another key.
    pub(super) fn key(self, column: &str) -> Self {
        let key = ident(column);
        Self { key, ..self }
    }
}
