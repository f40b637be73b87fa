//! Which relations a catalog query finds on a Citus cluster.
//!
//! A node that holds rows has shards beside the tables: tables with the same name and a number.
//! Citus hides shards by adding its own function to each query about relations. When a table is
//! dropped at the same time, that function can end the server. So Citus is told to leave the
//! queries unchanged, and the queries exclude shards by Citus's own lists.
//!
//! The module `dependents` finds the objects outside a schema that depend on it.

mod dependents;

pub use dependents::{Affected, Dependent};
pub(crate) use dependents::{ESTIMATE, dependents};

/// The catalog of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Catalog {
    /// As PostgreSQL has it.
    Plain,
    /// With what Citus adds.
    Cluster,
}

impl Catalog {
    /// The statement by which questions stay as they are until the transaction ends.
    pub(crate) fn as_it_is(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Cluster => Some("SET LOCAL citus.override_table_visibility TO off"),
        }
    }

    /// The condition that `relation`, a row of `pg_class`, is no shard: its name does not end in
    /// the number of a shard of a table in the same schema.
    pub(crate) fn no_shard(self, relation: &str) -> String {
        match self {
            Self::Plain => "true".to_owned(),
            Self::Cluster => format!(
                "NOT EXISTS (SELECT FROM pg_catalog.pg_dist_shard shard \
                 JOIN pg_catalog.pg_class whole ON whole.oid = shard.logicalrelid \
                 WHERE shard.shardid = pg_catalog.substring({relation}.relname::text, \
                     '_([0-9]{{1,18}})$')::bigint \
                 AND whole.relnamespace = {relation}.relnamespace)"
            ),
        }
    }
}
