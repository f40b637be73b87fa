//! Whether the tenants' schemas belong to the role that they should belong to.

use std::collections::BTreeMap;

use tokio_postgres::Error as DriverError;
use tokio_postgres::types::Type;

use super::reading::Reading;
use crate::Error;
use crate::fleet::Selection;
use crate::name::MIGRATION_HISTORY;
use crate::registry::{Registry, Rows};
use crate::report::{Problem, ProblemKind};

/// A tenant whose schema belongs to another role than it should: somebody has made or
/// restored it as another role, or handed it over, and migrations cannot change it.
#[derive(Debug)]
pub(super) struct WrongOwner {
    /// What the list calls it.
    pub(super) key: String,
    /// The role that the schema belongs to.
    pub(super) owner: String,
    /// The role that it should belong to.
    pub(super) usual: String,
    /// Whether what is in the schema belongs to another role than the schema.
    pub(super) is_apart: bool,
}

impl From<&WrongOwner> for Problem {
    fn from(wrong: &WrongOwner) -> Self {
        Self {
            tenant: Some(wrong.key.clone()),
            kind: ProblemKind::ForeignOwner {
                owner: wrong.owner.clone(),
                usual: wrong.usual.clone(),
            },
        }
    }
}

/// The role that a schema belongs to.
struct Owner {
    key: String,
    role: String,
}

/// The selected tenants whose schema belongs to another role than those of most tenants.
/// Where no role has most of several schemas, the one that owns the table of applied
/// migrations is taken to be right: it has migrated the tenant.
///
/// # Errors
///
/// What the server says.
pub(super) async fn wrong_owners(
    reading: &Reading<'_>,
    registry: &Registry,
    select: &Selection,
) -> Result<Vec<WrongOwner>, Error> {
    let mut owners = owners(reading, registry).await?;
    // A row that is no tenant's is told of as that.
    owners.retain(|it| registry.tenant(&it.key).is_ok());
    let usual = usual(&owners).map(str::to_owned);
    owners.retain(|it| select.contains(&it.key) && usual.as_ref() != Some(&it.role));
    let histories = owners_of_histories(reading, registry, &owners).await?;
    let wrong = owners.into_iter().filter_map(|Owner { key, role }| {
        let history = histories.get(&key);
        let expected = usual.as_ref().or(history)?;
        (role != *expected).then(|| WrongOwner {
            usual: expected.clone(),
            is_apart: history.is_some_and(|history| *history != role),
            owner: role,
            key,
        })
    });
    Ok(wrong.collect())
}

/// The owners of all tenants' schemas.
async fn owners(reading: &Reading<'_>, registry: &Registry) -> Result<Vec<Owner>, Error> {
    let Rows {
        from, key, schema, ..
    } = registry.rows("t");
    let sql = format!(
        "SELECT {key}, pg_catalog.pg_get_userbyid(n.nspowner)::text \
         FROM {from} JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} ORDER BY {key}"
    );
    let rows = reading.query(&sql, &[]).await.map_err(failed)?;
    let owners = rows.iter().map(|row| {
        Ok(Owner {
            key: row.try_get(0)?,
            role: row.try_get(1)?,
        })
    });
    owners.collect::<Result<_, DriverError>>().map_err(failed)
}

/// The owners of the tables of applied migrations of these tenants, by key. Of all tenants,
/// the question would read as many pages of the catalog.
async fn owners_of_histories(
    reading: &Reading<'_>,
    registry: &Registry,
    tenants: &[Owner],
) -> Result<BTreeMap<String, String>, Error> {
    if tenants.is_empty() {
        return Ok(BTreeMap::new());
    }
    let Rows {
        from, key, schema, ..
    } = registry.rows("t");
    let sql = format!(
        "SELECT {key}, pg_catalog.pg_get_userbyid(c.relowner)::text \
         FROM {from} JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} \
         JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = $1 \
              AND c.relkind IN ('r', 'p') \
         WHERE {key} = ANY ($2)"
    );
    let keys = tenants.iter().map(|it| it.key.as_str()).collect::<Vec<_>>();
    let table = (&MIGRATION_HISTORY as _, Type::NAME);
    let keys = (&keys as _, Type::TEXT_ARRAY);
    let rows = reading.query(&sql, &[table, keys]).await.map_err(failed)?;
    let owners = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    owners.collect::<Result<_, DriverError>>().map_err(failed)
}

fn failed(error: DriverError) -> Error {
    Error::database("looking whom the schemas belong to", error)
}

/// The role that the most schemas belong to, if it has several. Of two roles with as many
/// neither is the usual one.
fn usual(owners: &[Owner]) -> Option<&str> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for it in owners {
        *counts.entry(&it.role).or_default() += 1;
    }
    let most = counts.values().copied().max().filter(|most| *most > 1)?;
    let mut usual = counts.iter().filter(|(_, count)| **count == most);
    match (usual.next(), usual.next()) {
        (Some((usual, _)), None) => Some(usual),
        _ => None,
    }
}
