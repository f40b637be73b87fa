//! What can be wrong with tenants on a cluster, and not on one server.

use std::collections::BTreeMap;

use super::places::{homes, spread};
use super::reading::Reading;
use super::unanswering::unanswering;
use crate::fleet::Selection;
use crate::registry::Registry;
use crate::report::{Problem, ProblemKind};
use crate::{Error, Node};

/// A problem for each server that does not answer the coordinator.
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
