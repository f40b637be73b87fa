//! [`Cluster`]: the servers that the tenants are spread over.

use std::collections::HashMap;

use futures_util::FutureExt;

use super::distribute::Distribute;
use super::handle::Tenants;
use super::moving::MoveTenant;
use super::places::{ClusterNode, TenantPlace};
use crate::{Answer, Error, Node, TenantName};

/// What only a database has that Citus spreads over several servers. Made by
/// [`Tenants::cluster`].
#[derive(Clone, Copy)]
pub struct Cluster<'a> {
    tenants: &'a Tenants,
}

impl Tenants {
    /// The cluster that the tenants are on: its servers, moves between them.
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
    /// The servers that the tenants are spread over, by address; none where the
    /// database is a single server.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or what the server says.
    pub fn nodes(self) -> Answer<'a, Result<Vec<ClusterNode>, Error>> {
        self.tenants.find_nodes().boxed()
    }

    /// The server of each tenant that is on one of a cluster, by name: what
    /// [`Cluster::places`] says, without the sizes. Only the coordinator is asked.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or what the coordinator says.
    pub fn homes(self) -> Answer<'a, Result<HashMap<String, Node>, Error>> {
        self.tenants.find_homes().boxed()
    }

    /// The servers that do not answer the coordinator now, by address; none where the
    /// database is a single server. Nothing is known of the tenants on them. All servers are
    /// asked at once. One that neither answers nor refuses is waited for as long as Citus
    /// does, which is 30 seconds unless you change `citus.node_connection_timeout`.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or what the coordinator says.
    pub fn unreachable(self) -> Answer<'a, Result<Vec<Node>, Error>> {
        self.tenants.find_unreachable().boxed()
    }

    /// Where each tenant is that is on a server of a cluster, by name; none where the
    /// database is a single server. Each server of the cluster is asked for the sizes.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or what the coordinator says.
    pub fn places(self) -> Answer<'a, Result<HashMap<String, TenantPlace>, Error>> {
        self.tenants.find_places().boxed()
    }

    /// The same tenants; those that are made through this value are put on the server
    /// `node` of the cluster, wherever the cluster would have put them.
    ///
    /// A new tenant is made as a spare schema, moved, and given its name then; spares
    /// that are ready are not taken. Copies are put where the cluster puts them.
    ///
    /// # Errors
    ///
    /// [`Error::NotACluster`], [`Error::UnknownNode`], [`Error::HoldsNoTenants`],
    /// [`Error::NoSpareList`], or what the server says.
    pub fn placed_on(self, node: Node) -> Answer<'a, Result<Tenants, Error>> {
        self.tenants.placed(node).boxed()
    }

    /// Moves the tenant `name` to the server `to` of the cluster, with all its tables.
    ///
    /// Applications go on reading during the move, and writing as
    /// [`MoveTenant::writers`] says; at the end they wait for a moment. A migration of
    /// the tenant waits until the move is done. `observe` is called a few times a
    /// second; `stop` cancels the move, and then the tenant is where it was.
    ///
    /// # Errors
    ///
    /// [`Error::NotACluster`], [`Error::UnknownNode`], [`Error::HoldsNoTenants`],
    /// [`Error::Unknown`], [`Error::Untracked`], [`Error::MissingSchema`],
    /// [`Error::NotDistributed`], [`Error::WouldBlockWrites`] when writers are to go on
    /// and a table has no primary key, [`Error::NoReplication`] when they are to go on and
    /// a server has nothing free to carry their changes over, or starts no worker for that
    /// within 20 seconds, [`Error::Busy`], or what the server says:
    /// SQLSTATE 57014 when it was cancelled. Then the tenant is where it was.
    pub fn move_tenant(self, name: &'a TenantName, to: &'a Node) -> MoveTenant<'a> {
        MoveTenant::new(self.tenants, name, to)
    }

    /// Brings tenants that the coordinator holds by itself to the servers of the
    /// cluster, each in a transaction of its own, with all rows. Who writes to a tenant
    /// waits until that one is done. Those that are distributed already are left alone.
    ///
    /// The tables of `public` that tenants refer to are made reference tables before,
    /// and when all tenants are selected the spare schemas follow them. One tenant at a
    /// time, unless you say otherwise, because each takes the coordinator's disk and the
    /// network for itself.
    ///
    /// # Errors
    ///
    /// [`Error::NotACluster`], and what concerns the run as a whole. A tenant's own
    /// error is in its [`Outcome`](crate::Outcome); so is that a selected name is no
    /// tenant's.
    pub fn distribute(self) -> Distribute<'a> {
        Distribute::new(self.tenants)
    }
}
