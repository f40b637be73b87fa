//! Which servers of a cluster do not answer.

use tokio_postgres::Row;

use super::reading::Reading;
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
    let failed = |error| Error::database("query the nodes of the cluster", error);
    let rows = reading.query(ASK, &[]).await.map_err(failed)?;
    let node = |row: &Row| Ok(Node::listed(row.try_get(0)?, row.try_get(1)?));
    let nodes = rows.iter().map(node).collect::<Result<_, _>>();
    nodes.map_err(failed)
}
