//! Differences where Citus distributes tenants over several nodes: each tenant's schema is on one
//! node.
//!
//! Everything else is the same, except the messages: see [`Script`].

use sql_text::literal;

use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::assertion::Assertion;
use crate::name::Schema;
use crate::{Error, Node};

/// A query that a condition on `d` may follow: each distributed schema's
/// name, and the address of the server that it is on. All of its tables are on the
/// same one.
///
/// Source: Citus, its tables `pg_dist_schema`, `pg_dist_partition`, `pg_dist_shard`,
/// `pg_dist_placement` and `pg_dist_node`.
pub(crate) const NODES: &str = "
    SELECT n.nspname::text, w.nodename, w.nodeport
    FROM pg_catalog.pg_dist_schema d
    JOIN pg_catalog.pg_namespace n ON n.oid = d.schemaid
    CROSS JOIN LATERAL (
        SELECT w.nodename, w.nodeport
        FROM pg_catalog.pg_dist_partition p
        JOIN pg_catalog.pg_dist_shard s ON s.logicalrelid = p.logicalrelid
        JOIN pg_catalog.pg_dist_placement l ON l.shardid = s.shardid
        JOIN pg_catalog.pg_dist_node w ON w.groupid = l.groupid AND w.noderole = 'primary'
        WHERE p.colocationid = d.colocationid LIMIT 1) w";

/// Whether a new schema is to be distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Distribution {
    /// On one of the servers of the cluster, if there is one.
    Distributed,
    /// The same once its tables are there, by a statement of the same transaction.
    Later,
    /// On the server that is asked, and nothing that is made in it reaches another one:
    /// it is never committed.
    Local,
}

/// Applies the settings of the transaction on the nodes that it reaches. Without this statement,
/// the wait for a lock on another node has no limit. It must precede all settings.
pub(crate) const CARRY_SETTINGS: &str = "SET LOCAL citus.propagate_set_commands TO 'local'";

/// Lets the catalog be asked as it is, for the rest of the transaction. Not where
/// migrations follow: what they ask is to find what they have made.
pub(super) fn ask_as_it_is(work: Work<'_>, script: &mut Script<'_>) {
    if let Some(set) = work.database.catalog().as_it_is() {
        script.step("prepare the session", set);
    }
}

/// Lets a tenant keep or get triggers, for the rest of the transaction: those that its
/// migrations make, or that the one has that it is to be like. Citus refuses them
/// otherwise, since it does not see what they do.
pub(super) fn allow_triggers(work: Work<'_>, script: &mut Script<'_>) {
    if work.database.is_cluster() {
        let allow = "SET LOCAL citus.enable_unsafe_triggers TO on";
        script.step("enable triggers", allow);
    }
}

/// Whether a table of the schema refers to a table that all nodes of a cluster have.
///
/// # Errors
///
/// A server error.
pub(super) async fn refers_to_shared(work: Work<'_>) -> Result<bool, Error> {
    if !work.database.is_cluster() {
        return Ok(false);
    }
    let query = format!(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint k \
             JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace \
             JOIN pg_catalog.pg_dist_partition p ON p.logicalrelid = k.confrelid \
             WHERE n.nspname = {} AND k.contype = 'f' AND p.repmodel = 't')",
        literal(work.schema.schema_name())
    );
    let mut script = Script::default();
    script.step("look for objects that the tenant shares", &query);
    let rows = ask(work, &script).await?;
    Ok(rows.first().and_then(|row| row.get(0)) == Some("t"))
}

/// Creates the schema of `work`, and checks that it is on the intended node. Without that
/// setting, Citus creates an ordinary schema and reports nothing.
pub(super) fn create_schema(work: Work<'_>, distribution: Distribution, script: &mut Script<'_>) {
    let is_cluster = work.database.is_cluster();
    if is_cluster {
        let (spread, carry) = match distribution {
            Distribution::Distributed => ("on", "on"),
            Distribution::Later => ("off", "on"),
            Distribution::Local => ("off", "off"),
        };
        let set = format!("SET LOCAL citus.enable_schema_based_sharding TO {spread}");
        script.step("create the schema", &set);
        let set = format!("SET LOCAL citus.enable_ddl_propagation TO {carry}");
        script.step("create the schema", &set);
    }
    let create = format!("CREATE SCHEMA {}", work.schema.ident());
    script.step("create the schema", &create);
    if is_cluster && distribution == Distribution::Distributed {
        require_distributed(work.schema, script);
    }
}

/// Fails where the schema is not on a server of the cluster.
pub(super) fn require_distributed(schema: Schema<'_>, script: &mut Script<'_>) {
    let check = Assertion::Distributed.check(&distributed(schema));
    script.step("check that the schema is distributed", &check);
}

/// A condition: the schema is on a server of the cluster, and is not the coordinator's
/// own.
fn distributed(schema: Schema<'_>) -> String {
    let name = literal(&schema.ident());
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_dist_schema \
         WHERE schemaid = pg_catalog.to_regnamespace({name}))"
    )
}

/// Whether the schema is on a server of the cluster, in the transaction that is open.
pub(super) async fn is_distributed(work: Work<'_>) -> Result<bool, Error> {
    let mut script = Script::default();
    let query = format!("SELECT {}", distributed(work.schema));
    script.step("check whether the schema is distributed", &query);
    let rows = ask(work, &script).await?;
    Ok(rows.first().and_then(|row| row.get(0)) == Some("t"))
}

/// The server that the schema is on, in the transaction that is open; `None` when it
/// is not distributed.
pub(super) async fn home(work: Work<'_>) -> Result<Option<Node>, Error> {
    let mut script = Script::default();
    let name = literal(&work.schema.ident());
    let query = format!("{NODES} WHERE d.schemaid = pg_catalog.to_regnamespace({name})");
    script.step("find the node of the schema", &query);
    let rows = ask(work, &script).await?;
    let home = rows.first().and_then(|row| {
        let port = row.get(2)?.parse().ok()?;
        Some(Node::listed(row.get(1)?.to_owned(), port))
    });
    Ok(home)
}
