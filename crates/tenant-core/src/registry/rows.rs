//! [`Rows`]: the parts of a statement that reads the list of tenants.

use super::columns::{Column, Columns};
use super::place::Place;
use crate::name::Naming;

/// The parts of a statement that reads the list of tenants: SQL texts in which the names
/// are quoted. Made by [`Registry::rows`](super::Registry::rows).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rows {
    /// What follows `FROM`: the list, under the alias.
    pub from: String,
    /// The name of a row's tenant, of type `text`.
    pub key: String,
    /// The name of its schema, to be compared with `pg_namespace.nspname`. Whether there
    /// is one the list does not know.
    pub schema: String,
    /// When it was registered; null when the list does not say.
    pub created_at: String,
    /// The newest applied migration by what the list says; null when it does not say.
    pub version: String,
    /// The fingerprints of the applied migrations, if the list has them.
    pub(crate) fingerprints: Option<String>,
}

impl Rows {
    pub(super) fn of(place: &Place, columns: Columns, naming: Naming, alias: &str) -> Self {
        let key = format!("{alias}.{}", place.key);
        let column = |column: Column| {
            columns
                .has(column)
                .then(|| format!("{alias}.{}", column.name()))
        };
        let null =
            |column: Option<String>, of: &str| column.unwrap_or_else(|| format!("NULL::{of}"));
        Self {
            from: format!("{} {alias}", place.table),
            schema: match naming {
                Naming::Same => key.clone(),
            },
            created_at: null(column(Column::CreatedAt), "timestamptz"),
            version: null(column(Column::Version), "text"),
            fingerprints: column(Column::Fingerprints),
            key,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Registry;

    /// Joined like this a list costs what it always did: the texts are the same.
    #[test]
    fn todays_list_is_read_by_the_texts_it_always_was() {
        let rows = Registry::default().rows("t");
        assert_eq!(rows.from, "public.schema_tracker t");
        assert_eq!(
            (rows.key.as_str(), rows.schema.as_str()),
            ("t.name", "t.name")
        );
        assert_eq!(rows.created_at, "t.created_at");
        assert_eq!(rows.version, "t.version");
    }
}
