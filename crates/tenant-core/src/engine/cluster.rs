//! What is different where Citus spreads the tenants over several servers: each
//! tenant's schema is on one of them.
//!
//! Everything else is the same, but for the messages: see [`Script`].

use super::Work;
use super::parts::ask;
use super::script::Script;
use crate::Error;
use crate::sql::literal;

/// Where a new schema is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On one of the servers of the cluster, if there is one.
    Anywhere,
    /// On the server that is asked, and nothing that is made in it reaches another one:
    /// it is never committed.
    Here,
}

/// Lets the settings of the transaction reach the servers that it is about. Without
/// this a lock is waited for there for ever. It has to come before all of them.
pub(super) fn carry_settings(work: Work<'_>, script: &mut Script<'_>) {
    if work.database.is_cluster() {
        let set = "SET LOCAL citus.propagate_set_commands TO 'local'";
        script.step("starting", set);
    }
}

/// Lets the catalog be asked as it is, for the rest of the transaction. Not where
/// migrations follow: what they ask is to find what they have made.
pub(super) fn ask_as_it_is(work: Work<'_>, script: &mut Script<'_>) {
    if let Some(set) = work.database.catalog().as_it_is() {
        script.step("starting", set);
    }
}

/// Whether a table of the schema refers to one that all servers of a cluster have.
///
/// # Errors
///
/// What the server says.
pub(super) async fn refers_to_shared(work: Work<'_>) -> Result<bool, Error> {
    if !work.database.is_cluster() {
        return Ok(false);
    }
    let query = format!(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint k \
             JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace \
             JOIN pg_catalog.pg_dist_partition p ON p.logicalrelid = k.confrelid \
             WHERE n.nspname = {} AND k.contype = 'f' AND p.repmodel = 't')",
        literal(work.schema.name())
    );
    let mut script = Script::default();
    script.step("looking for what the tenant shares with others", &query);
    let rows = ask(work, &script).await?;
    Ok(rows.first().and_then(|row| row.get(0)) == Some("t"))
}

/// Makes the schema of `work`, and sees that it is where it is to be: without that
/// setting Citus makes an ordinary one, and says nothing.
pub(super) fn create_schema(work: Work<'_>, place: Place, script: &mut Script<'_>) {
    let is_cluster = work.database.is_cluster();
    if is_cluster {
        let (spread, carry) = match place {
            Place::Anywhere => ("on", "on"),
            Place::Here => ("off", "off"),
        };
        let set = format!("SET LOCAL citus.enable_schema_based_sharding TO {spread}");
        script.step("creating the schema", &set);
        let set = format!("SET LOCAL citus.enable_ddl_propagation TO {carry}");
        script.step("creating the schema", &set);
    }
    let create = format!("CREATE SCHEMA {}", work.schema.ident());
    script.step("creating the schema", &create);
    if is_cluster && place == Place::Anywhere {
        let check = format!(
            "SELECT 1 / EXISTS (SELECT FROM pg_catalog.pg_dist_schema \
             WHERE schemaid = {}::pg_catalog.regnamespace)::int",
            literal(&work.schema.ident())
        );
        script.step(
            "checking that the schema is spread over the cluster",
            &check,
        );
    }
}
