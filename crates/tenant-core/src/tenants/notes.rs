//! Finds what is no failure and should be known: edited, unknown and late migrations, names
//! that are alike.

use std::collections::BTreeMap;

use tokio_postgres::types::Type;

use super::applied_texts::edits;
use super::reading::Reading;
use super::state::Standing;
use crate::migration::MigrationSet;
use crate::registry::{List, Registry};
use crate::report::Note;
use crate::{Error, TenantName, Version};

/// What the migration histories show: unknown and late migrations.
pub(super) fn of_standings<'a>(
    standings: impl Iterator<Item = &'a Standing>,
    migrations: &MigrationSet,
) -> Vec<Note> {
    let mut unknown = BTreeMap::<&Version, Vec<String>>::new();
    let mut late = BTreeMap::<&Version, Vec<String>>::new();
    for standing in standings {
        let name = || standing.entry.key().to_owned();
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
    registry: &Registry,
    migrations: &MigrationSet,
) -> Result<Vec<Note>, Error> {
    let found = edits(reading, registry, List::Tenants, migrations).await?;
    let mut edited = BTreeMap::<String, Vec<String>>::new();
    for (version, tenant) in found.edited {
        edited.entry(version).or_default().push(tenant);
    }
    let edited = edited.into_iter().map(|(version, tenants)| Note::Edited {
        migration: migrations.name_of(&version),
        version: Version::recorded(&version),
        tenants,
    });
    let unreadable = (!found.unreadable.is_empty()).then_some(Note::NoFingerprints {
        tenants: found.unreadable,
    });
    Ok(edited.chain(unreadable).collect())
}

/// Which of `names` differ from other tenants' names only in upper and lower case.
pub(super) async fn same_but_for_case(
    reading: &Reading<'_>,
    registry: &Registry,
    names: &[TenantName],
) -> Result<Vec<Note>, Error> {
    let names = names.iter().map(TenantName::as_str).collect::<Vec<_>>();
    let (ours, others) = (registry.rows("one"), registry.rows("other"));
    let (one, other) = (ours.key, others.key);
    let sql = format!(
        "SELECT {one}, {other} FROM {} JOIN {} \
         ON pg_catalog.lower({one}) = pg_catalog.lower({other}) AND {one} <> {other} \
         WHERE {one} = ANY ($1) AND ({one} < {other} OR {other} <> ALL ($1)) \
         ORDER BY 1, 2",
        ours.from, others.from
    );
    let rows = reading.query(&sql, &[(&names, Type::TEXT_ARRAY)]).await;
    let rows = rows.map_err(|error| Error::database("compare the tenants' names", error))?;
    let pairs = rows.iter().filter_map(|row| {
        Some(Note::SameButForCase {
            one: row.try_get(0).ok()?,
            other: row.try_get(1).ok()?,
        })
    });
    Ok(pairs.collect())
}
