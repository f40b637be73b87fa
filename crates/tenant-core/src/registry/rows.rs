//! [`Rows`]: the parts of a statement that reads the list of tenants.

use super::columns::{Column, Columns};
use super::place::Place;
use super::source::{KEPT_SCHEMA, Seen, Source};
use super::states::States;
use super::{List, Lists, Registry};
use crate::name::Naming;

/// The parts of a statement that reads the list of tenants, as SQL texts with quoted names.
/// Returned by [`Registry::rows`](super::Registry::rows).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rows {
    /// What follows `FROM`: the list, under the alias.
    pub from: String,
    /// The name of the tenant, of type `text`.
    pub key: String,
    /// The name of its schema, to compare with `pg_namespace.nspname`. The list does not know
    /// whether the schema exists.
    pub schema: String,
    /// When it was registered; null if the list has no time.
    pub created_at: String,
    /// The newest applied migration in the list; null if the list has none.
    pub version: String,
    /// The state of the tenant, of type `text`, if the list has states: see
    /// [`Registry::state_of`](super::Registry::state_of).
    pub state: Option<String>,
    /// The same, for a pool: a query may give it although that is not known yet.
    pub(crate) served_state: Option<String>,
    /// What is kept of the tenant's suspension, of type `jsonb`.
    pub(crate) suspension: String,
    /// The fingerprints of the applied migrations, if the list has them.
    pub(crate) fingerprints: Option<String>,
    /// The name of the schema that is kept beside a query, or null.
    pub(super) kept_schema: Option<String>,
}

impl Rows {
    pub(super) fn of_tenants(registry: &Registry, columns: Columns, alias: &str) -> Self {
        let place = registry.place(List::Tenants);
        let Lists {
            source,
            naming,
            states,
            ..
        } = &*registry.0;
        let seen = source.seen(place, columns, naming, states, alias);
        // A query is given all of them, some of them null.
        let columns = match source.is_query() {
            true => Columns::ALL,
            false => columns,
        };
        let kept_schema = format!("{alias}.{KEPT_SCHEMA}");
        let of_query = source.is_query().then(|| format!("{alias}.state"));
        let state = states.of_row(source.is_query(), alias);
        Self {
            served_state: of_query.or_else(|| state.clone()),
            state,
            suspension: registry.suspension_of_row(columns, alias),
            kept_schema: source.is_query().then_some(kept_schema),
            ..Self::of(seen, columns, alias)
        }
    }

    pub(super) fn of_spares(place: &Place, columns: Columns, alias: &str) -> Self {
        let (naming, states) = (Naming::default(), States::default());
        let seen = Source::default().seen(place, columns, &naming, &states, alias);
        Self::of(seen, columns, alias)
    }

    fn of(seen: Seen, columns: Columns, alias: &str) -> Self {
        let column = |column: Column| {
            columns
                .has(column)
                .then(|| format!("{alias}.{}", column.name()))
        };
        let null =
            |column: Option<String>, of: &str| column.unwrap_or_else(|| format!("NULL::{of}"));
        Self {
            from: seen.from,
            key: seen.key,
            schema: seen.schema,
            created_at: null(column(Column::CreatedAt), "timestamptz"),
            version: null(column(Column::Version), "text"),
            state: None,
            served_state: None,
            suspension: "NULL::jsonb".to_owned(),
            fingerprints: column(Column::Fingerprints),
            kept_schema: None,
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
