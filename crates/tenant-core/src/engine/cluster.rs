//! What is different where Citus spreads the tenants over several servers: each
//! tenant's schema is on one of them.
//!
//! Everything else is the same, but for the messages: see [`Script`].

use super::Work;
use super::script::Script;
use crate::sql::literal;

/// Where a new schema is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On one of the servers of the cluster, if there is one.
    Anywhere,
    /// On the server that is asked: it is never committed.
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

/// Makes the schema of `work`, and sees that it is where it is to be: without that
/// setting Citus makes an ordinary one, and says nothing.
pub(super) fn create_schema(work: Work<'_>, place: Place, script: &mut Script<'_>) {
    let is_cluster = work.database.is_cluster();
    if is_cluster {
        let spread = match place {
            Place::Anywhere => "on",
            Place::Here => "off",
        };
        let set = format!("SET LOCAL citus.enable_schema_based_sharding TO {spread}");
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
