//! Moves a tenant to another server of the cluster.
//!
//! Citus does the work, under the tenant's lock: a migration waits for it, because a
//! table that is altered while it is copied would differ from its copy.

use std::time::Duration;

use sql_text::literal;

use super::attempt::Attempts;
use super::cluster::home;
use super::name_state::open_and_look;
use super::replication::require_replication;
use super::script::Script;
use super::send::{ask, execute, run_script};
use super::transaction::{close, finish};
use super::work::Work;
use crate::{Error, Node, PgError};

/// What writing sessions do during a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Writers {
    /// They continue, except for a moment at the end. Each table needs a primary key or another
    /// replica identity.
    #[default]
    GoOn,
    /// They wait until the move is done.
    Wait,
}

impl Writers {
    /// Citus' word for it.
    fn mode(self) -> &'static str {
        match self {
            Self::GoOn => "auto",
            Self::Wait => "block_writes",
        }
    }
}

/// Moves the tenant or spare of `work` to the node `to`. Returns the node where it was before,
/// which can be the same node.
///
/// # Errors
///
/// [`Error::Unknown`], [`Error::Untracked`] or [`Error::MissingSchema`] where it is no
/// whole tenant, [`Error::NotDistributed`], [`Error::WouldBlockWrites`],
/// [`Error::NoReplication`], [`Error::Busy`], or a server error. Then it is where it was.
pub(crate) async fn relocate(work: Work<'_>, to: &Node, writers: Writers) -> Result<Node, Error> {
    let mut attempts = Attempts::new();
    let mut sweeps = 0;
    loop {
        match relocate_once(work, to, writers).await {
            Err(error) if sweeps < SWEEPS && is_about_leftovers(&error) => {
                sweeps += 1;
                tokio::time::sleep(PAUSE).await;
                sweep(work).await?;
            }
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

async fn relocate_once(work: Work<'_>, to: &Node, writers: Writers) -> Result<Node, Error> {
    let existing = open_and_look(work).await?;
    let found = async {
        existing.require_whole(work)?;
        let from = home(work).await?;
        let from = from.ok_or_else(|| Error::NotDistributed(work.schema.key().to_owned()))?;
        if writers == Writers::GoOn && from != *to {
            require_identities(work).await?;
            require_replication(work, &from, to).await?;
        }
        Ok(from)
    };
    match found.await {
        Ok(from) if from != *to => {
            let script = move_to(work, to, writers);
            finish(work, run_script(work, &script).await).await?;
            Ok(from)
        }
        done => {
            close(work).await;
            done
        }
    }
}

fn move_to(work: Work<'_>, to: &Node, writers: Writers) -> Script<'static> {
    let mut script = Script::default();
    let move_it = format!(
        "SELECT pg_catalog.citus_schema_move({}::pg_catalog.regnamespace, {}, {}, {})",
        literal(&work.schema.ident()),
        literal(to.host()),
        to.port(),
        literal(writers.mode())
    );
    script.step("move it to another node", &move_it);
    script.commit();
    script
}

/// Refuses a tenant whose changes cannot be carried over while it is copied. Citus
/// would, too, but names one table only.
async fn require_identities(work: Work<'_>) -> Result<(), Error> {
    let mut script = Script::default();
    let without = format!(
        "SELECT c.relname FROM pg_catalog.pg_dist_partition p \
         JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid \
         WHERE c.relnamespace = {}::pg_catalog.regnamespace AND c.relkind = 'r' \
         AND (c.relpersistence = 'u' OR c.relreplident <> 'f' AND NOT EXISTS ( \
             SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisvalid \
             AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END)) \
         ORDER BY 1",
        literal(&work.schema.ident())
    );
    script.step("look for tables without a replica identity", &without);
    let rows = ask(work, &script).await?;
    let tables = rows.iter().filter_map(|row| row.get(0).map(str::to_owned));
    let tables = tables.collect::<Vec<_>>();
    if tables.is_empty() {
        return Ok(());
    }
    Err(Error::WouldBlockWrites {
        name: work.schema.key().to_owned(),
        tables,
    })
}

/// How often the remains of an earlier move are cleaned up. Another session can delay that.
const SWEEPS: u32 = 3;

/// How long to wait before.
const PAUSE: Duration = Duration::from_millis(500);

/// Whether an earlier move that did not complete is in the way.
fn is_about_leftovers(error: &Error) -> bool {
    let message = error.postgres().and_then(PgError::message);
    message.is_some_and(says_leftovers)
}

/// Citus has no separate code for it.
///
/// Source: Citus, `shard_cleaner.c`.
fn says_leftovers(message: &str) -> bool {
    message.starts_with("shard move failed as the orphaned shard ")
}

/// Cleans up the remains of such a move.
async fn sweep(work: Work<'_>) -> Result<(), Error> {
    let call = "CALL pg_catalog.citus_cleanup_orphaned_resources()";
    work.session.begin();
    let swept = execute(work.session, "clean up after an earlier move", call).await;
    finish(work, swept).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_earlier_move_left_is_cleared_away() {
        assert!(says_leftovers(
            "shard move failed as the orphaned shard acme.tasks_102008 leftover from the previous \
             move could not be cleaned up"
        ));
        for other in [
            "cannot move shard to the same node",
            "could not acquire the lock required to move acme.tasks",
        ] {
            assert!(!says_leftovers(other), "{other}");
        }
    }
}
