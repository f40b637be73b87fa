//! Finds what is no failure and should be known: edited, unknown and late migrations, names
//! that are alike.

use std::collections::BTreeMap;

use tokio_postgres::types::{ToSql, Type};

use super::reading::Reading;
use super::state::State;
use crate::migration::{Migration, MigrationSet};
use crate::report::Note;
use crate::{Error, TenantName, Version, registry};

/// What the ledgers tell: migrations that nobody has, and those that come late.
pub(super) fn of_states(states: &[State], migrations: &MigrationSet) -> Vec<Note> {
    let mut unknown = BTreeMap::<&Version, Vec<String>>::new();
    let mut late = BTreeMap::<&Version, Vec<String>>::new();
    for standing in states
        .iter()
        .filter_map(|state| state.standing.as_ref().ok())
    {
        let name = || standing.tenant.to_string();
        for version in &standing.unknown {
            unknown.entry(version).or_default().push(name());
        }
        let newest = standing.version.as_ref();
        for version in &standing.pending {
            if newest.is_some_and(|newest| version < newest) {
                late.entry(version).or_default().push(name());
            }
        }
    }
    let unknown = unknown.into_iter().map(|(version, tenants)| Note::Unknown {
        version: version.clone(),
        tenants,
    });
    let late = late.into_iter().map(|(version, tenants)| Note::Late {
        migration: migrations.name_of(version.as_str()),
        tenants,
    });
    unknown.chain(late).collect()
}

/// The migrations whose text has changed since they were applied, with the
/// tenants that have them.
pub(super) async fn edited(
    reading: &Reading<'_>,
    migrations: &MigrationSet,
) -> Result<Vec<Note>, Error> {
    let versions = migrations
        .iter()
        .map(|migration| migration.version().as_str())
        .collect::<Vec<_>>();
    let fingerprints = migrations.iter().map(Migration::fingerprint);
    let fingerprints = fingerprints.collect::<Vec<_>>();
    // Nearly all have nothing else, which the first condition shows at once.
    let sql = format!(
        "WITH now AS MATERIALIZED (SELECT pg_catalog.jsonb_object($1, $2) AS texts) \
         SELECT f.key, t.name FROM {} t CROSS JOIN now \
         CROSS JOIN LATERAL pg_catalog.jsonb_each_text(t.fingerprints) f \
         WHERE NOT t.fingerprints <@ now.texts AND now.texts ->> f.key <> f.value ORDER BY 1, 2",
        registry::TABLE
    );
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [
        (&versions, Type::TEXT_ARRAY),
        (&fingerprints, Type::TEXT_ARRAY),
    ];
    let rows = reading.query(&sql, &parameters).await;
    let rows = rows.map_err(|error| Error::database("reading the fingerprints", error))?;
    let mut edited = BTreeMap::<String, Vec<String>>::new();
    for row in &rows {
        if let (Ok(version), Ok(tenant)) = (row.try_get(0), row.try_get(1)) {
            edited.entry(version).or_default().push(tenant);
        }
    }
    let edited = edited.into_iter().map(|(version, tenants)| Note::Edited {
        migration: migrations.name_of(&version),
        version: Version::recorded(version),
        tenants,
    });
    Ok(edited.collect())
}

/// Which of `names` are those of other tenants but for upper and lower case.
pub(super) async fn same_but_for_case(
    reading: &Reading<'_>,
    names: &[TenantName],
) -> Result<Vec<Note>, Error> {
    let names = names.iter().map(TenantName::as_str).collect::<Vec<_>>();
    let sql = format!(
        "SELECT one.name, other.name FROM {0} one JOIN {0} other \
         ON pg_catalog.lower(one.name) = pg_catalog.lower(other.name) AND one.name <> other.name \
         WHERE one.name = ANY ($1) AND (one.name < other.name OR other.name <> ALL ($1)) \
         ORDER BY 1, 2",
        registry::TABLE
    );
    let rows = reading.query(&sql, &[(&names, Type::TEXT_ARRAY)]).await;
    let rows = rows.map_err(|error| Error::database("comparing the tenants' names", error))?;
    let pairs = rows.iter().filter_map(|row| {
        Some(Note::SameButForCase {
            one: row.try_get(0).ok()?,
            other: row.try_get(1).ok()?,
        })
    });
    Ok(pairs.collect())
}
