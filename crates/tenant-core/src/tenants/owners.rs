//! Whether the tenants' schemas belong to one role.

use std::collections::BTreeMap;

use super::reading::Reading;
use crate::Error;
use crate::fleet::Selection;
use crate::registry::{Registry, Rows};
use crate::report::{Problem, ProblemKind};

/// The selected tenants whose schema belongs to another role than those of most: a schema that somebody has made or restored
/// as another role, and that the migrations cannot change.
///
/// # Errors
///
/// What the server says.
pub(super) async fn foreign_owners(
    reading: &Reading<'_>,
    registry: &Registry,
    select: &Selection,
) -> Result<Vec<Problem>, Error> {
    let Rows {
        from, key, schema, ..
    } = registry.rows("t");
    let sql = format!(
        "SELECT {key}, pg_catalog.pg_get_userbyid(n.nspowner)::text \
         FROM {from} JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} ORDER BY {key}"
    );
    let failed = |error| Error::database("looking whom the schemas belong to", error);
    let rows = reading.query(&sql, &[]).await.map_err(failed)?;
    let pairs = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let pairs = pairs.collect::<Result<Vec<(String, String)>, tokio_postgres::Error>>();
    let pairs = pairs.map_err(failed)?;
    let mut counts = BTreeMap::<&str, usize>::new();
    for (_, owner) in &pairs {
        *counts.entry(owner).or_default() += 1;
    }
    // Of two roles with as many neither is the usual one.
    let most = counts.values().copied().max().unwrap_or_default();
    let mut usual = counts.iter().filter(|(_, count)| **count == most);
    let (Some((usual, _)), None) = (usual.next(), usual.next()) else {
        return Ok(Vec::new());
    };
    let foreign = pairs
        .iter()
        .filter(|(name, owner)| owner != usual && select.contains(name));
    let problem = |(name, owner): &(String, String)| Problem {
        tenant: Some(name.clone()),
        kind: ProblemKind::ForeignOwner {
            owner: owner.clone(),
            usual: (*usual).to_owned(),
        },
    };
    Ok(foreign.map(problem).collect())
}
