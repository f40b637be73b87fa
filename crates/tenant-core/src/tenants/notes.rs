//! Finds what is no failure and should be known: edited, unknown and late migrations, names
//! that are alike.

use std::collections::BTreeMap;

use sql_text::{V1, literal, unversioned_fingerprint, was_edited};
use tokio_postgres::types::{ToSql, Type};

use super::reading::Reading;
use super::state::Standing;
use crate::migration::{Migration, MigrationSet};
use crate::registry::{List, Registry, Rows};
use crate::report::Note;
use crate::{Error, TenantName, Version};

/// What the ledgers tell: migrations that nobody has, and those that come late.
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

/// What the rows of a list say of the texts of migrations.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// The versions whose text has changed since they were applied, each with what the row
    /// that has it as it was is called. By version and name.
    pub(super) edited: Vec<(String, String)>,
    /// The rows that do not hold what such a row should.
    pub(super) unreadable: Vec<String>,
}

/// What the rows of `list` say of the texts of `migrations`.
pub(super) async fn edits(
    reading: &Reading<'_>,
    registry: &Registry,
    list: List,
    migrations: &MigrationSet,
) -> Result<Texts, Error> {
    let Rows {
        from,
        key,
        fingerprints: Some(applied),
        ..
    } = registry.rows_of(list, "t")
    else {
        return Ok(Texts::default());
    };
    let versions = migrations
        .iter()
        .map(|migration| migration.version().as_str())
        .collect::<Vec<_>>();
    let fingerprints = migrations.iter().map(Migration::fingerprint);
    let fingerprints = fingerprints.collect::<Vec<_>>();
    let is_readable = format!("pg_catalog.jsonb_typeof({applied}) = 'object'");
    // Nearly all have nothing else, which the first condition shows at once; the last
    // spares those that an earlier program wrote, without a version.
    let sql = format!(
        "WITH now AS MATERIALIZED (SELECT pg_catalog.jsonb_object($1, $2) AS texts) \
         SELECT f.key, {key}, f.value FROM {from} CROSS JOIN now \
         CROSS JOIN LATERAL pg_catalog.jsonb_each_text( \
             CASE WHEN {is_readable} THEN {applied} ELSE '{{}}' END) f \
         WHERE NOT {applied} <@ now.texts AND now.texts ->> f.key <> f.value \
         AND now.texts ->> f.key <> {} || f.value \
         UNION ALL SELECT NULL, {key}, NULL FROM {from} WHERE NOT {is_readable} ORDER BY 1, 2",
        literal(V1)
    );
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [
        (&versions, Type::TEXT_ARRAY),
        (&fingerprints, Type::TEXT_ARRAY),
    ];
    let rows = reading.query(&sql, &parameters).await;
    let rows = rows.map_err(|error| Error::database("reading the fingerprints", error))?;
    let mut found = Texts::default();
    for row in &rows {
        let key = row.try_get::<_, String>(1);
        let edit = (row.try_get::<_, Option<&str>>(0), row.try_get(2));
        match (edit, key) {
            ((Ok(None), _), Ok(key)) => found.unreadable.push(key),
            ((Ok(Some(version)), Ok(stored)), Ok(key)) => {
                let migration = migrations.find(version);
                if migration.is_some_and(|it| differs(it, stored)) {
                    found.edited.push((version.to_owned(), key));
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Whether `stored` says for certain that the migration was another one.
fn differs(migration: &Migration, stored: &str) -> bool {
    let before = |text: &str| unversioned_fingerprint(text, migration.in_transaction());
    let unix = migration.sql();
    // Before there were versions, line ends counted: of either checkout.
    let is_before = || stored == before(unix) || stored == before(&unix.replace('\n', "\r\n"));
    was_edited(stored, migration.fingerprint()) && !is_before()
}

/// Which of `names` are those of other tenants but for upper and lower case.
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
    let rows = rows.map_err(|error| Error::database("comparing the tenants' names", error))?;
    let pairs = rows.iter().filter_map(|row| {
        Some(Note::SameButForCase {
            one: row.try_get(0).ok()?,
            other: row.try_get(1).ok()?,
        })
    });
    Ok(pairs.collect())
}
