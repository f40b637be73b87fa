//! Whether the tenants' schemas belong to the role that they should belong to.

use std::collections::BTreeMap;

use tokio_postgres::Row;
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

/// Whom a schema belongs to, and its table of applied migrations.
struct Owners {
    key: String,
    schema: String,
    ledger: Option<String>,
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
    let owners = read(reading, registry).await?;
    // A row that is no tenant's is told of as that.
    let owners = owners.into_iter();
    let owners = owners.filter(|it| registry.tenant(&it.key).is_ok());
    let owners = owners.collect::<Vec<_>>();
    let usual = usual(&owners);
    let wrong = owners.iter().filter(|it| select.contains(&it.key));
    let wrong = wrong.filter_map(|it| {
        let expected = usual.or(it.ledger.as_deref())?;
        (it.schema != expected).then(|| WrongOwner {
            key: it.key.clone(),
            owner: it.schema.clone(),
            usual: expected.to_owned(),
            is_apart: it
                .ledger
                .as_ref()
                .is_some_and(|ledger| *ledger != it.schema),
        })
    });
    Ok(wrong.collect())
}

async fn read(reading: &Reading<'_>, registry: &Registry) -> Result<Vec<Owners>, Error> {
    let Rows {
        from, key, schema, ..
    } = registry.rows("t");
    let sql = format!(
        "SELECT {key}, pg_catalog.pg_get_userbyid(n.nspowner)::text, \
                pg_catalog.pg_get_userbyid(c.relowner)::text \
         FROM {from} JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} \
         LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = $1 \
              AND c.relkind IN ('r', 'p') ORDER BY {key}"
    );
    let failed = |error| Error::database("looking whom the schemas belong to", error);
    let ledger = (&MIGRATION_HISTORY as _, Type::NAME);
    let rows = reading.query(&sql, &[ledger]).await.map_err(failed)?;
    let owners = |row: &Row| {
        Ok(Owners {
            key: row.try_get(0)?,
            schema: row.try_get(1)?,
            ledger: row.try_get(2)?,
        })
    };
    let owners = rows.iter().map(owners);
    owners
        .collect::<Result<_, tokio_postgres::Error>>()
        .map_err(failed)
}

/// The role that the most schemas belong to, if it has several. Of two roles with as many
/// neither is the usual one.
fn usual(owners: &[Owners]) -> Option<&str> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for it in owners {
        *counts.entry(&it.schema).or_default() += 1;
    }
    let most = counts.values().copied().max().filter(|most| *most > 1)?;
    let mut usual = counts.iter().filter(|(_, count)| **count == most);
    match (usual.next(), usual.next()) {
        (Some((usual, _)), None) => Some(usual),
        _ => None,
    }
}
