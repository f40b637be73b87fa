//! What to do about a code of PostgreSQL.
//!
//! Several errors share a code, and `RAISE` takes whichever its author likes. So the
//! code alone is not enough: the routine of the server that reports an error has a name
//! that no language changes.
//!
//! Source of the codes: PostgreSQL manual, appendix "PostgreSQL Error Codes".

use super::{Advice, Command, Remedy};
use crate::PgError;

/// After a step that is no migration. Class 23 holds the constraints.
pub(super) fn of_a_step(error: &PgError) -> Vec<Remedy> {
    match of(error) {
        // Advice about a migration would be of no use.
        _ if matches!(error.sqlstate(), Some("25001" | "55P04")) => Vec::new(),
        found if !found.is_empty() => found,
        _ if error.is_raised() => Vec::new(),
        _ if error.sqlstate().is_some_and(|code| code.starts_with("23")) => {
            vec![Advice::FixRows.into()]
        }
        _ => Vec::new(),
    }
}

/// After any statement.
pub(super) fn of(error: &PgError) -> Vec<Remedy> {
    let Some(code) = error.sqlstate() else {
        return Vec::new();
    };
    if error.is_raised() {
        return Vec::new();
    }
    let advice = match code {
        "25001" if is_refused_in_a_transaction(error) => Advice::RunOutsideTransaction,
        "42501" if error.is_of_a_worker() => return refused_by_a_worker(error),
        "42501" => Advice::GrantRight,
        "3F000" => Advice::NameExistingSchema,
        _ if is_about_existing(error) => {
            return vec![Advice::FindExisting.into(), Command::CheckTenants.into()];
        }
        "55P04" => Advice::AddValueOutsideTransaction,
        "55P03" => Advice::WaitForLock,
        "57014" => Advice::AllowMoreTime,
        "53200" if is_of_the_lock_table(error) => Advice::RaiseLockTable,
        "53200" => Advice::FreeMemory,
        "53100" => Advice::FreeDisk,
        // The server itself says so, over a connection that is whole.
        "08000" | "08001" | "08003" | "08004" | "08006" if is_of_a_foreign_server(error) => {
            Advice::FixForeignServer
        }
        "08000" | "08001" | "08003" | "08004" | "08006" => Advice::StartNode,
        "53300" => Advice::UseFewerConnections,
        "XX000" if lacks_reference_tables(error) => Advice::CopyReferenceTables,
        _ => return Vec::new(),
    };
    vec![advice.into()]
}

/// Whether a table, a column or another object exists already.
pub(super) fn is_about_existing(error: &PgError) -> bool {
    let is_raised = error.is_raised();
    !is_raised && matches!(error.sqlstate(), Some("42P07" | "42701" | "42710"))
}

/// After a worker of a cluster has refused a right. A role that the coordinator had before it
/// had Citus is unknown to Citus, which then tries to create it on the worker, in the name of
/// that role. In another language than English that is not told from a missing right.
///
/// Source: PostgreSQL, `user.c`, in 15 and since 16.
fn refused_by_a_worker(error: &PgError) -> Vec<Remedy> {
    let said = error.message().unwrap_or_default();
    let is_of_a_role = ["superuser", "alter role", "create role"]
        .iter()
        .any(|words| said.contains(words));
    if is_of_a_role {
        vec![Advice::IntroduceRole.into()]
    } else if said.starts_with("permission denied for ") || said.starts_with("must be owner") {
        vec![Advice::GrantRight.into()]
    } else {
        vec![Advice::GrantRight.into(), Advice::IntroduceRole.into()]
    }
}

/// Whether a node was added to a cluster after the reference tables, and has none of them yet.
/// Citus has no separate code for this.
///
/// Source: Citus, `shard_transfer.c`.
fn lacks_reference_tables(error: &PgError) -> bool {
    let said = error.message().unwrap_or_default();
    said.starts_with("there are missing reference tables on some nodes")
}

/// Whether it is about locks, time and what the server has, whatever function it was
/// in: lock not available, deadlock, canceled, and class 53.
pub(super) fn will_pass(error: &PgError) -> bool {
    let code = error.sqlstate().unwrap_or_default();
    !error.is_raised() && (["55P03", "40P01", "57014"].contains(&code) || code.starts_with("53"))
}

/// Whether a transaction is in the way. Within a function a statement cannot be run
/// outside one, and settings of a transaction have to come first in it: both share the
/// code.
fn is_refused_in_a_transaction(error: &PgError) -> bool {
    let of_a_setting = ["check_", "call_", "assign_"];
    let routine = error.routine().unwrap_or_default();
    error.context().is_none() && !of_a_setting.iter().any(|start| routine.starts_with(start))
}

/// Whether it is about the table of locks, whose setting the hint names, and not about
/// the machine's memory.
fn is_of_the_lock_table(error: &PgError) -> bool {
    let hint = error.hint().unwrap_or_default();
    hint.contains("locks_per_transaction")
}

/// Whether `postgres_fdw` or `dblink` reports it.
///
/// Source: `contrib/` of PostgreSQL.
fn is_of_a_foreign_server(error: &PgError) -> bool {
    let routine = error.routine().unwrap_or_default();
    routine == "connect_pg_server" || routine.starts_with("pgfdw_") || routine.starts_with("dblink")
}
