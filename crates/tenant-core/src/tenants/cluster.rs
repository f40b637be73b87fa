//! [`Cluster`]: the servers that the tenants are spread over.

use std::collections::HashMap;

use futures_util::FutureExt;

use super::distribute::Distribute;
use super::handle::Tenants;
use super::moving::MoveTenant;
use super::places::{ClusterNode, TenantPlace};
use crate::{Answer, Error, Node, TenantName};

/// The calls for a database that is distributed over a Citus cluster. Returned by
/// [`Tenants::cluster`].
#[derive(Clone, Copy)]
pub struct Cluster<'a> {
    tenants: &'a Tenants,
}

impl Tenants {
    /// The cluster of the tenants: its nodes, and moves between them.
    ///
    /// ```no_run
    /// # use tenant_core::{Error, Node, Tenants};
    /// # async fn example(tenants: Tenants, node: Node) -> Result<(), Error> {
    /// let acme = "acme_corp".parse().unwrap();
    /// tenants.cluster().move_tenant(&acme, &node).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn cluster(&self) -> Cluster<'_> {
        Cluster { tenants: self }
    }
}

impl<'a> Cluster<'a> {
    /// Lists the nodes of the cluster, by address. The list is empty for a single server.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or a server error.
    pub fn nodes(self) -> Answer<'a, Result<Vec<ClusterNode>, Error>> {
        self.tenants.find_nodes().boxed()
    }

    /// Returns the node of each tenant in the cluster, by name: the result of [`Cluster::places`]
    /// without the sizes. Only the coordinator is asked.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or what the coordinator says.
    pub fn homes(self) -> Answer<'a, Result<HashMap<String, Node>, Error>> {
        self.tenants.find_homes().boxed()
    }

    /// Lists the nodes that do not answer the coordinator now, by address. The list is empty for a
    /// single server. Nothing is known about the tenants on these nodes. All nodes are asked at
    /// once. For a node that neither answers nor refuses, the call waits as long as Citus does.
    /// That is 30 seconds, unless you change `citus.node_connection_timeout`.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or what the coordinator says.
    pub fn unreachable(self) -> Answer<'a, Result<Vec<Node>, Error>> {
        self.tenants.find_unreachable().boxed()
    }

    /// Returns the place of each tenant in the cluster, by name. The map is empty for a single
    /// server. Each node is asked for the sizes.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or what the coordinator says.
    pub fn places(self) -> Answer<'a, Result<HashMap<String, TenantPlace>, Error>> {
        self.tenants.find_places().boxed()
    }

    /// Returns the same tenants. A tenant that is created through this value is placed on `node`,
    /// wherever the cluster would place it.
    ///
    /// A new tenant is created as a spare, moved, and then gets its name. Existing spares are not
    /// used. The cluster places clones.
    ///
    /// # Errors
    ///
    /// [`Error::NotACluster`], [`Error::UnknownNode`], [`Error::HoldsNoTenants`],
    /// [`Error::NoSpareList`], or a server error.
    pub fn placed_on(self, node: Node) -> Answer<'a, Result<Tenants, Error>> {
        self.tenants.placed(node).boxed()
    }

    /// Moves the tenant `name` with all its tables to the node `to` of the cluster.
    ///
    /// Applications can read during the move, and write as [`MoveTenant::writers`] says. At the
    /// end, they wait for a moment. A migration of the tenant waits until the move is done. The
    /// call runs `observe` a few times a second. `stop` cancels the move, and the tenant stays
    /// where it was.
    ///
    /// # Errors
    ///
    /// [`Error::NotACluster`], [`Error::UnknownNode`], [`Error::HoldsNoTenants`],
    /// [`Error::Unknown`], [`Error::Untracked`], [`Error::MissingSchema`],
    /// [`Error::NotDistributed`], [`Error::WouldBlockWrites`] if writes may continue but a table
    /// has no primary key, [`Error::NoReplication`] if writes may continue but a node lacks free
    /// replication slots, or starts no replication worker within 20 seconds, [`Error::Busy`], or a
    /// server error. SQLSTATE 57014 means that the move was canceled. The tenant then stays where
    /// it was.
    pub fn move_tenant(self, name: &'a TenantName, to: &'a Node) -> MoveTenant<'a> {
        MoveTenant::new(self.tenants, name, to)
    }

    /// Distributes tenants that are on the coordinator, with all rows, each in its own transaction.
    /// Sessions that write to a tenant wait until it is distributed. Distributed tenants do not
    /// change.
    ///
    /// Tables of `public` that tenants refer to become reference tables first. If all tenants are
    /// selected, the spares follow. The default is one tenant at a time, because each one uses the
    /// coordinator's disk and network.
    ///
    /// # Errors
    ///
    /// [`Error::NotACluster`], and errors of the run as a whole. A tenant's own error, such as an
    /// unknown name, is in its [`Outcome`](crate::Outcome).
    pub fn distribute(self) -> Distribute<'a> {
        Distribute::new(self.tenants)
    }
}
