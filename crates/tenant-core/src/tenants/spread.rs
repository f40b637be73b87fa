//! What can be wrong with tenants on a cluster, and not on one server.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use super::places::{homes, spread};
use super::reading::Reading;
use crate::fleet::Selection;
use crate::registry::Registry;
use crate::report::{Problem, ProblemKind};
use crate::{Error, Node};

/// Asks each server but the coordinator, all at the same time.
///
/// Source: Citus, its function `run_command_on_workers`.
const ASK: &str = "SELECT nodename, nodeport FROM pg_catalog.run_command_on_workers('SELECT 1') \
                   WHERE NOT success ORDER BY 1, 2";

/// The servers that do not answer the coordinator, by address.
///
/// # Errors
///
/// What the coordinator says.
pub(super) async fn unanswering(reading: &Reading<'_>) -> Result<Vec<Node>, Error> {
    let failed = |error| Error::database("asking the cluster's servers", error);
    let rows = reading.query(ASK, &[]).await.map_err(failed)?;
    let node = |row: &Row| Ok(Node::listed(row.try_get(0)?, row.try_get(1)?));
    let nodes = rows.iter().map(node).collect::<Result<_, _>>();
    nodes.map_err(failed)
}

/// A problem for each of them.
///
/// # Errors
///
/// What the coordinator says.
pub(super) async fn unreachable_nodes(reading: &Reading<'_>) -> Result<Vec<ProblemKind>, Error> {
    let nodes = unanswering(reading).await?;
    if nodes.is_empty() {
        return Ok(Vec::new());
    }
    let mut tenants = BTreeMap::<Node, usize>::new();
    for node in homes(reading).await?.into_values() {
        *tenants.entry(node).or_default() += 1;
    }
    let problems = nodes.into_iter().map(|node| {
        let tenants = tenants.get(&node).copied().unwrap_or_default();
        ProblemKind::UnreachableNode { node, tenants }
    });
    Ok(problems.collect())
}

/// The selected tenants that the coordinator holds by itself.
///
/// # Errors
///
/// What the coordinator says.
pub(super) async fn not_distributed(
    reading: &Reading<'_>,
    registry: &Registry,
    select: &Selection,
) -> Result<Vec<Problem>, Error> {
    let spread = spread(reading, registry, select).await?;
    let local = spread.into_iter().filter(|tenant| !tenant.is_distributed);
    let problems = local.map(|tenant| Problem {
        tenant: Some(tenant.name),
        kind: ProblemKind::NotDistributed,
    });
    Ok(problems.collect())
}
