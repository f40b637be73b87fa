//! Whether the database is a Citus cluster, as far as known.
//! [`Tenants::open`](crate::Tenants::open) detects it.

use tokio_postgres::{Client, Error};

use super::Database;
use crate::catalog::Catalog;

/// How it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Cluster {
    /// It is on one server.
    #[default]
    None,
    /// By an extension that belongs to the role that we are.
    Ours,
    /// By an extension that belongs to another role.
    Others,
}

impl Database {
    /// Asks whether the extension Citus is there. The answer is kept, also for the
    /// clones of this value.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(crate) async fn look_for_cluster(&self, client: &Client) -> Result<(), Error> {
        let sql = "SELECT pg_catalog.pg_get_userbyid(extowner) = current_user \
                   FROM pg_catalog.pg_extension WHERE extname = 'citus'";
        let ask = || async {
            let rows = client.query_typed(sql, &[]).await?;
            Ok(match rows.first() {
                None => Cluster::None,
                Some(row) if row.try_get(0)? => Cluster::Ours,
                Some(_) => Cluster::Others,
            })
        };
        self.cluster.get_or_try_init(ask).await?;
        Ok(())
    }

    /// Whether the database is a Citus cluster, as far as known.
    /// [`Tenants::open`](crate::Tenants::open) detects it.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        self.known_cluster() != Cluster::None
    }

    /// Whether it is a cluster, and another role owns the extension. Citus does some of its work
    /// on the other nodes as that role, over separate connections. Those do not see what our
    /// transaction has created.
    pub(crate) fn is_cluster_of_others(&self) -> bool {
        self.known_cluster() == Cluster::Others
    }

    /// How its catalog is to be asked.
    pub(crate) fn catalog(&self) -> Catalog {
        if self.is_cluster() {
            Catalog::Cluster
        } else {
            Catalog::Plain
        }
    }

    fn known_cluster(&self) -> Cluster {
        self.cluster.get().copied().unwrap_or_default()
    }
}
