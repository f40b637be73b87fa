//! On which server of a cluster each tenant is, and how large it is there.
//!
//! On a single server there is nothing to tell, and nothing is asked.

use std::collections::HashMap;

use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::handle::Tenants;
use super::reading::Reading;
use super::unanswering::unanswering;
use crate::engine::NODES;
use crate::fleet::Selection;
use crate::registry::{Registry, Rows};
use crate::{Error, Node};

/// The place of a tenant in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TenantPlace {
    /// The node of its schema.
    pub node: Node,
    /// The size of its tables with indexes, in bytes; `None` if the node could not be asked.
    pub bytes: Option<u64>,
}

/// A node of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClusterNode {
    /// Its address.
    pub node: Node,
    /// Whether tenants can be placed on it. A coordinator usually holds no tenants.
    pub holds_tenants: bool,
}

/// A statement: what each distributed schema takes, in bytes. Each server is asked
/// once.
///
/// Source: Citus, its view `citus_schemas`.
const SIZES: &str = "
    SELECT n.nspname::text, pg_catalog.sum(z.size)::bigint
    FROM pg_catalog.citus_shard_sizes() z
    JOIN pg_catalog.pg_dist_shard s ON s.shardid = z.shard_id
    JOIN pg_catalog.pg_dist_partition p ON p.logicalrelid = s.logicalrelid
    JOIN pg_catalog.pg_dist_schema d ON d.colocationid = p.colocationid
    JOIN pg_catalog.pg_namespace n ON n.oid = d.schemaid
    GROUP BY n.nspname";

/// The servers that a tenant can be on, and those that none can.
const CLUSTER: &str = "
    SELECT nodename, nodeport, shouldhaveshards FROM pg_catalog.pg_dist_node
    WHERE noderole = 'primary' AND isactive ORDER BY nodename, nodeport";

impl Tenants {
    /// See `Cluster::nodes`.
    pub(super) async fn find_nodes(&self) -> Result<Vec<ClusterNode>, Error> {
        if !self.database.is_cluster() {
            return Ok(Vec::new());
        }
        let failed = |error| Error::database("read the list of the cluster's nodes", error);
        let rows = self.reading().await?.query(CLUSTER, &[]).await;
        let rows = rows.map_err(failed)?;
        let read = |row: &Row| {
            Ok(ClusterNode {
                node: Node::listed(row.try_get(0)?, row.try_get(1)?),
                holds_tenants: row.try_get(2)?,
            })
        };
        let nodes = rows.iter().map(read).collect::<Result<_, _>>();
        nodes.map_err(failed)
    }

    /// See `Cluster::unreachable`.
    pub(super) async fn find_unreachable(&self) -> Result<Vec<Node>, Error> {
        if !self.database.is_cluster() {
            return Ok(Vec::new());
        }
        unanswering(&self.reading().await?).await
    }

    /// See `Cluster::homes`.
    pub(super) async fn find_homes(&self) -> Result<HashMap<String, Node>, Error> {
        if !self.database.is_cluster() {
            return Ok(HashMap::new());
        }
        homes(&self.reading().await?).await
    }

    /// See `Cluster::places`.
    pub(super) async fn find_places(&self) -> Result<HashMap<String, TenantPlace>, Error> {
        if !self.database.is_cluster() {
            return Ok(HashMap::new());
        }
        let reading = self.reading().await?;
        let homes = homes(&reading).await?;
        // One server that is down leaves the others' tenants their sizes, or none.
        let sizes = reading.query(SIZES, &[]).await.unwrap_or_default();
        let sizes = sizes.iter().filter_map(|row| {
            let bytes = u64::try_from(row.try_get::<_, i64>(1).ok()?).ok()?;
            Some((row.try_get(0).ok()?, bytes))
        });
        let sizes = sizes.collect::<HashMap<String, u64>>();
        let placed = homes.into_iter().map(|(name, node)| {
            let bytes = sizes.get(&name).copied();
            (name, TenantPlace { node, bytes })
        });
        Ok(placed.collect())
    }
}

/// The servers of the distributed schemas.
///
/// # Errors
///
/// A server error.
pub(super) async fn homes(reading: &Reading<'_>) -> Result<HashMap<String, Node>, Error> {
    let failed = |error| Error::database("read the nodes of the tenants", error);
    let rows = reading.query(NODES, &[]).await.map_err(failed)?;
    let home = |row: &Row| {
        let node = Node::listed(row.try_get(1)?, row.try_get(2)?);
        Ok((row.try_get(0)?, node))
    };
    rows.iter()
        .map(home)
        .collect::<Result<_, _>>()
        .map_err(failed)
}

/// A registered tenant that has a schema.
pub(super) struct Spread {
    pub(super) name: String,
    /// Whether its schema is on a server of the cluster, and not the coordinator's own.
    pub(super) is_distributed: bool,
    pub(super) schema: String,
}

/// The selected tenants that have a schema, by name.
///
/// # Errors
///
/// A server error.
pub(super) async fn spread(
    reading: &Reading<'_>,
    registry: &Registry,
    select: &Selection,
) -> Result<Vec<Spread>, Error> {
    let failed = |error| Error::database("read the list of distributed tenants", error);
    let Rows {
        from, key, schema, ..
    } = registry.rows("t");
    let sql = format!(
        "SELECT {key}, d.schemaid IS NOT NULL, n.nspname::text FROM {from} \
         JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} \
         LEFT JOIN pg_catalog.pg_dist_schema d ON d.schemaid = n.oid \
         WHERE $1::text[] IS NULL OR {key} = ANY ($1) ORDER BY {key}"
    );
    let names = select.parameter();
    let parameter = (&names as &(dyn ToSql + Sync), Type::TEXT_ARRAY);
    let rows = reading.query(&sql, &[parameter]).await.map_err(failed)?;
    let read = |row: &Row| {
        Ok(Spread {
            name: row.try_get(0)?,
            is_distributed: row.try_get(1)?,
            schema: row.try_get(2)?,
        })
    };
    rows.iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map_err(failed)
}
