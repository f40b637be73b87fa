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

/// A tenant whose schema has an unexpected owner: it was created, restored or reassigned by another
/// role, and migrations cannot change it.
#[derive(Debug)]
pub(super) struct WrongOwner {
    /// What the list calls it.
    pub(super) key: String,
    /// Its schema.
    pub(super) schema: String,
    /// The role that the schema belongs to.
    pub(super) owner: String,
    /// The role that it should belong to.
    pub(super) usual: String,
    /// What in the schema belongs to the wrong role as well, as `ALTER` names it.
    pub(super) objects: Vec<String>,
}

impl From<&WrongOwner> for Problem {
    fn from(wrong: &WrongOwner) -> Self {
        Self {
            tenant: Some(wrong.key.clone()),
            kind: ProblemKind::ForeignOwner {
                schema: wrong.schema.clone(),
                owner: wrong.owner.clone(),
                usual: wrong.usual.clone(),
                objects: wrong.objects.clone(),
            },
        }
    }
}

/// The role that a schema belongs to.
struct Owner {
    key: String,
    schema: String,
    role: String,
}

/// The selected tenants whose schema belongs to another role than those of most tenants.
/// Where no role has most of several schemas, the one that owns the table of applied
/// migrations is taken to be right: it has migrated the tenant.
///
/// # Errors
///
/// A server error.
pub(super) async fn wrong_owners(
    reading: &Reading<'_>,
    registry: &Registry,
    select: &Selection,
) -> Result<Vec<WrongOwner>, Error> {
    let mut owners = owners(reading, registry).await?;
    // A row that is no tenant's is told of as that.
    owners.retain(|it| registry.registered(&it.key).is_ok());
    let usual = usual(&owners).map(str::to_owned);
    owners.retain(|it| select.contains(&it.key) && usual.as_ref() != Some(&it.role));
    let histories = owners_of_histories(reading, registry, &owners).await?;
    let wrong = owners
        .into_iter()
        .filter_map(|Owner { key, schema, role }| {
            let expected = usual.as_ref().or(histories.get(&key))?;
            (role != *expected).then(|| WrongOwner {
                usual: expected.clone(),
                objects: Vec::new(),
                owner: role,
                key,
                schema,
            })
        });
    let mut wrong = wrong.collect::<Vec<_>>();
    let mut objects = objects(reading, registry, &wrong).await?;
    for wrong in &mut wrong {
        let objects = objects.remove(&wrong.key).unwrap_or_default().into_iter();
        let objects = objects
            .filter(|it| it.owner == wrong.owner || it.is_history && it.owner != wrong.usual);
        wrong.objects = objects.map(|it| it.named).collect();
    }
    Ok(wrong)
}

/// An object of a schema that can be given to another role by itself.
struct Object {
    /// As `ALTER` names it: `TABLE acme.tasks`.
    named: String,
    owner: String,
    is_history: bool,
}

/// What is in the schemas of these tenants, by key. A sequence of a column goes with its
/// table, and what an extension brought belongs to that. Nothing is recorded of what the
/// first role of a server owns.
async fn objects(
    reading: &Reading<'_>,
    registry: &Registry,
    tenants: &[WrongOwner],
) -> Result<BTreeMap<String, Vec<Object>>, Error> {
    let mut found = BTreeMap::<String, Vec<Object>>::new();
    if tenants.is_empty() {
        return Ok(found);
    }
    let Rows {
        from, key, schema, ..
    } = registry.rows("t");
    let sql = format!(
        "SELECT {key}, pg_catalog.replace(pg_catalog.upper(i.type), ' OBJECT', '') || ' ' || i.identity, \
             pg_catalog.pg_get_userbyid(coalesce(o.refobjid, 10))::text, c.relname IS NOT NULL \
         FROM {from} JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} \
         JOIN pg_catalog.pg_depend d ON d.refobjid = n.oid \
              AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
         CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) i \
         LEFT JOIN pg_catalog.pg_shdepend o ON o.classid = d.classid AND o.objid = d.objid \
              AND o.deptype = 'o' AND o.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass \
              AND o.dbid = (SELECT b.oid FROM pg_catalog.pg_database b \
                            WHERE b.datname = pg_catalog.current_database()) \
         LEFT JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relname = $1 \
              AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         WHERE {key} = ANY ($2) AND d.classid IN ( \
             'pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass, \
             'pg_catalog.pg_type'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass, \
             'pg_catalog.pg_opclass'::pg_catalog.regclass, 'pg_catalog.pg_opfamily'::pg_catalog.regclass, \
             'pg_catalog.pg_collation'::pg_catalog.regclass, \
             'pg_catalog.pg_conversion'::pg_catalog.regclass, \
             'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, \
             'pg_catalog.pg_ts_config'::pg_catalog.regclass, \
             'pg_catalog.pg_ts_dict'::pg_catalog.regclass) \
         AND i.type <> 'composite type' \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classid \
             AND e.objid = d.objid AND (e.deptype = 'e' OR e.deptype IN ('a', 'i') \
                 AND i.type = 'sequence' \
                 AND e.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)) \
         ORDER BY 1, 2"
    );
    let keys = tenants.iter().map(|it| it.key.as_str()).collect::<Vec<_>>();
    let table = (&MIGRATION_HISTORY as _, Type::NAME);
    let keys = (&keys as _, Type::TEXT_ARRAY);
    for row in reading.query(&sql, &[table, keys]).await.map_err(failed)? {
        let object = Object {
            named: row.try_get(1).map_err(failed)?,
            owner: row.try_get(2).map_err(failed)?,
            is_history: row.try_get(3).map_err(failed)?,
        };
        let key = row.try_get(0).map_err(failed)?;
        found.entry(key).or_default().push(object);
    }
    Ok(found)
}

/// The owners of all tenants' schemas.
async fn owners(reading: &Reading<'_>, registry: &Registry) -> Result<Vec<Owner>, Error> {
    let Rows {
        from, key, schema, ..
    } = registry.rows("t");
    let sql = format!(
        "SELECT {key}::text, pg_catalog.pg_get_userbyid(n.nspowner)::text, n.nspname::text \
         FROM {from} JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} ORDER BY {key}"
    );
    let rows = reading.query(&sql, &[]).await.map_err(failed)?;
    let owners = rows.iter().map(|row| {
        Ok(Owner {
            key: row.try_get(0)?,
            role: row.try_get(1)?,
            schema: row.try_get(2)?,
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
    Error::database("read the owners of the schemas", error)
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
