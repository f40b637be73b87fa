//! What the lists say of the texts of the applied migrations: which were edited since, and
//! whether they are another program's.
//!
//! Two programs can have the same versions. Then only the texts, and what is in the schema,
//! show whose a tenant is.

use std::collections::{BTreeMap, HashMap};

use sql_text::{V1, literal, unversioned_fingerprint, was_edited};
use tokio_postgres::types::{ToSql, Type};

use super::others_tables::with_others_tables;
use super::reading::Reading;
use crate::migration::{Migration, MigrationSet};
use crate::registry::{List, Registry, Rows};
use crate::{Error, Version};

/// The version of the migration that Diesel writes into every project. It shows nothing.
const OF_DIESEL: &str = "00000000000000";

/// How many texts of another program show that a schema is that program's: one can be an
/// edited migration.
const ENOUGH: usize = 2;

/// What the texts of the applied migrations show of a schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum AppliedTexts {
    /// At least one is this program's, or cannot be compared.
    Ours,
    /// Nothing: none is recorded, or the only one is another and the schema fits.
    #[default]
    Silent,
    /// They are all other texts than those of this program, for these versions, oldest
    /// first.
    Others(Vec<Version>),
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
    let (versions, fingerprints) = texts_of(migrations);
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
    let rows = rows.map_err(|error| Error::database("read the fingerprints", error))?;
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

/// What the recorded texts show of those schemas of `list` of which they do not show that
/// they are this program's, by what the list calls them. `None` where the list records no
/// texts: then it shows nothing of any.
///
/// # Errors
///
/// A server error.
pub(super) async fn not_shown_ours(
    reading: &Reading<'_>,
    registry: &Registry,
    list: List,
    migrations: &MigrationSet,
) -> Result<Option<HashMap<String, AppliedTexts>>, Error> {
    let failed = |error| Error::database("read the fingerprints", error);
    let Some(sql) = question(registry, list, migrations) else {
        return Ok(None);
    };
    let (versions, fingerprints) = texts_of(migrations);
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [
        (&versions, Type::TEXT_ARRAY),
        (&fingerprints, Type::TEXT_ARRAY),
    ];
    let rows = reading.query(&sql, &parameters).await.map_err(failed)?;
    let mut found = BTreeMap::<String, Vec<(String, String)>>::new();
    for row in &rows {
        let recorded = found.entry(row.try_get(0).map_err(failed)?).or_default();
        let version: Option<String> = row.try_get(1).map_err(failed)?;
        let stored: Option<String> = row.try_get(2).map_err(failed)?;
        recorded.extend(version.zip(stored));
    }
    let shown = found
        .into_iter()
        .map(|(key, recorded)| (key, judged(&recorded, migrations)));
    let mut shown = shown.collect::<HashMap<_, _>>();
    let has_few = |texts: &AppliedTexts| match texts {
        AppliedTexts::Others(versions) => versions.len() < ENOUGH,
        AppliedTexts::Ours | AppliedTexts::Silent => false,
    };
    let with_few = shown.iter().filter(|(_, texts)| has_few(texts));
    let with_few = with_few.map(|(key, _)| key.clone()).collect::<Vec<_>>();
    for key in fitting(reading, registry, list, &with_few, migrations).await? {
        shown.insert(key, AppliedTexts::Silent);
    }
    Ok(Some(shown))
}

/// What these recorded versions and texts show, whatever the schema looks like.
fn judged(recorded: &[(String, String)], migrations: &MigrationSet) -> AppliedTexts {
    let others = recorded.iter().filter(|(version, stored)| {
        let migration = migrations.find(version);
        migration.is_some_and(|it| differs(it, stored))
    });
    let others = others.map(|(version, _)| Version::recorded(version));
    let others = others.collect::<Vec<_>>();
    if others.len() < recorded.len() {
        AppliedTexts::Ours
    } else if others.is_empty() {
        AppliedTexts::Silent
    } else {
        AppliedTexts::Others(others)
    }
}

/// The rows of `list` in which no text of `migrations` is recorded as it is now, each with
/// the versions and texts that are recorded; null where none is. Its parameters are the
/// versions and the texts of today.
fn question(registry: &Registry, list: List, migrations: &MigrationSet) -> Option<String> {
    let Rows {
        from,
        key,
        fingerprints: Some(applied),
        ..
    } = registry.rows_of(list, "t")
    else {
        return None;
    };
    let (v1, of_diesel) = (literal(V1), literal(OF_DIESEL));
    let done_with = done_with(&applied, migrations);
    Some(format!(
        "WITH now AS MATERIALIZED (SELECT pg_catalog.jsonb_object($1, $2) AS texts), \
         rows AS MATERIALIZED ( \
             SELECT {key} AS key, readable.texts FROM {from} CROSS JOIN now \
             CROSS JOIN LATERAL (SELECT CASE WHEN pg_catalog.jsonb_typeof({applied}) = 'object' \
                 THEN {applied} ELSE '{{}}' END AS texts) readable \
             WHERE ({done_with}) IS NOT TRUE AND NOT EXISTS ( \
                 SELECT FROM pg_catalog.jsonb_each_text(readable.texts) f \
                 WHERE f.key <> {of_diesel} \
                   AND now.texts ->> f.key IN (f.value, {v1} || f.value))) \
         SELECT rows.key, f.key, f.value FROM rows CROSS JOIN now \
         LEFT JOIN LATERAL pg_catalog.jsonb_each_text(rows.texts) f \
             ON f.key <> {of_diesel} AND now.texts ? f.key ORDER BY 1, 2"
    ))
}

/// A condition that nearly all rows fulfil, and that reads little of each: the oldest, the
/// middle or the newest text is as it is now.
fn done_with(applied: &str, migrations: &MigrationSet) -> String {
    let telling = migrations.iter().filter(|it| is_telling(it));
    let telling = telling.collect::<Vec<_>>();
    let probes = [
        telling.first(),
        telling.get(telling.len() / 2),
        telling.last(),
    ];
    let probes = probes.into_iter().flatten().map(|it| {
        let (version, text) = (it.version().as_str(), it.fingerprint());
        format!("{applied} ->> {} = {}", literal(version), literal(text))
    });
    let probes = probes.collect::<Vec<_>>();
    if probes.is_empty() {
        "false".to_owned()
    } else {
        probes.join(" OR ")
    }
}

fn is_telling(migration: &Migration) -> bool {
    migration.version().as_str() != OF_DIESEL
}

/// The versions of `migrations`, and their texts.
fn texts_of(migrations: &MigrationSet) -> (Vec<&str>, Vec<&str>) {
    let texts = migrations.iter();
    texts
        .map(|it| (it.version().as_str(), it.fingerprint()))
        .unzip()
}

/// Those of `keys`, rows of `list`, whose schemas hold a table that `migrations` name, or
/// none at all.
async fn fitting(
    reading: &Reading<'_>,
    registry: &Registry,
    list: List,
    keys: &[String],
    migrations: &MigrationSet,
) -> Result<Vec<String>, Error> {
    let mapped = schemas_of(reading, registry, list, keys).await?;
    let entry = |key: &String| {
        let schema = mapped.get(key).map(String::as_str);
        registry.entry(list, key, schema).ok()
    };
    let schemas = keys.iter().filter_map(|key| {
        let entry = entry(key)?;
        Some(entry.schema_name().clone())
    });
    let schemas = schemas.collect::<Vec<_>>();
    let strange = with_others_tables(reading, &schemas, migrations).await?;
    let fits = |key: &&String| {
        entry(key).is_none_or(|entry| !strange.contains(entry.schema_name().as_str()))
    };
    Ok(keys.iter().filter(fits).cloned().collect())
}

/// The schemas of the tenants `keys` by name, where only the list knows them.
async fn schemas_of(
    reading: &Reading<'_>,
    registry: &Registry,
    list: List,
    keys: &[String],
) -> Result<HashMap<String, String>, Error> {
    if list == List::Spares || keys.is_empty() || !registry.names().is_mapped() {
        return Ok(HashMap::new());
    }
    let failed = |error| Error::database("read the list of tenants", error);
    let question = registry.schemas_of();
    let keys = (&keys as &(dyn ToSql + Sync), Type::TEXT_ARRAY);
    let rows = reading.query(&question, &[keys]).await.map_err(failed)?;
    let schemas = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    schemas.collect::<Result<_, _>>().map_err(failed)
}
