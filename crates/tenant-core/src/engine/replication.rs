//! Whether changes can be carried over while a tenant is moved.
//!
//! PostgreSQL's logical replication does that: a slot and a sender on the server that the
//! tenant leaves, a worker and an origin on the server to which it goes. Where the latter has
//! none free, PostgreSQL starts the worker once there is one, and Citus waits for it for
//! hours without a word.

use sql_text::literal;

use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::{Error, Node};

/// The needs of the node that a tenant leaves: each setting, and how much of it is in use.
const FOR_SENDING: &str = "
    ('max_replication_slots', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots)),
    ('max_wal_senders', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication))";

/// The needs of the node that it moves to. Only a role that may read all statistics sees other
/// background processes. Workers of parallel queries come and go.
const FOR_RECEIVING: &str = "
    ('max_logical_replication_workers',
     (SELECT pg_catalog.count(pid) FROM pg_catalog.pg_stat_subscription)),
    ('max_replication_slots', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_origin)),
    ('max_worker_processes',
     (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity
      WHERE backend_type NOT IN ('client backend', 'parallel worker', 'autovacuum launcher',
          'autovacuum worker', 'background writer', 'checkpointer', 'startup', 'walreceiver',
          'walsender', 'walwriter', 'archiver', 'logger', 'slotsync worker', 'io worker',
          'walsummarizer')))";

/// Refuses a move under writers from `from` to `to` where one of them has nothing free for it.
/// A server that cannot be asked is not refused: the move says what is wrong with it.
///
/// # Errors
///
/// [`Error::NoReplication`], or what the coordinator says.
pub(super) async fn require_replication(
    work: Work<'_>,
    from: &Node,
    to: &Node,
) -> Result<(), Error> {
    let mut script = Script::default();
    for (node, needs) in [(from, FOR_SENDING), (to, FOR_RECEIVING)] {
        let lacking = format!(
            "SELECT pg_catalog.format('%s is %s', u.name, pg_catalog.current_setting(u.name)) \
             FROM (VALUES {needs}) u (name, used) \
             WHERE u.used >= pg_catalog.current_setting(u.name)::bigint LIMIT 1"
        );
        // The function answers with one row and one column.
        let lacking = format!("SELECT coalesce(({lacking}), '')");
        script.step(
            "read the replication settings of the nodes",
            &on_node(node, &lacking),
        );
    }
    let rows = ask(work, &script).await?;
    for (row, node) in rows.iter().zip([from, to]) {
        let is_told = row.get(0) == Some("t");
        let lacking = row.get(1).filter(|lacking| is_told && !lacking.is_empty());
        if let Some(lacking) = lacking {
            let lacks = format!("{lacking} on node {node}, and all of it is in use");
            return Err(Error::NoReplication(work.schema.key().to_owned(), lacks));
        }
    }
    Ok(())
}

/// The statement that asks the server `node`; whether it answers, and what.
///
/// Source: Citus, its function `master_run_on_worker`.
fn on_node(node: &Node, query: &str) -> String {
    format!(
        "SELECT success, result FROM pg_catalog.master_run_on_worker(ARRAY[{}], ARRAY[{}], \
         ARRAY[{}], false)",
        literal(node.host()),
        node.port(),
        literal(query)
    )
}

/// The query whether the moves to the server `node` have begun to carry changes over, and no
/// worker of replication is there for any of them: then the second column is `t`.
pub(crate) fn has_no_worker(node: &Node) -> String {
    on_node(
        node,
        "SELECT pg_catalog.count(*) > 0 AND pg_catalog.count(w.pid) = 0 \
         FROM pg_catalog.pg_subscription s \
         LEFT JOIN pg_catalog.pg_stat_subscription w ON w.subid = s.oid \
         WHERE s.subenabled AND s.subname LIKE 'citus_shard_move_subscription%' \
         AND s.subdbid = (SELECT oid FROM pg_catalog.pg_database \
             WHERE datname = pg_catalog.current_database())",
    )
}

/// What that is in words, before the server.
pub(crate) const NO_WORKER: &str = "PostgreSQL cannot start a logical replication worker on node";
