//! The spans, events and fields that this crate reports through [`tracing`].
//!
//! A program with a subscriber sees each call on [`Tenants`](crate::Tenants), each tenant that a
//! call changes, and the result. Without a subscriber, the cost is negligible. Spans, messages and
//! fields are part of the stable interface. Their target is `tenant_core`.
//!
//! # Spans
//!
//! All spans have the level `INFO`.
//!
//! | span | fields | around |
//! | --- | --- | --- |
//! | `open`, `migrate_public`, `migrate`, `create`, `clone_tenant`, `export`, `import`, `rename`, `drop_tenant`, `suspend`, `resume`, `contents`, `list`, `standings`, `health`, `repair`, `adopt`, `compare`, `plan_rollback`, `rollback`, `squash`, `accept_edits`, `move_tenant`, `distribute` | | the call on [`Tenants`](crate::Tenants) or [`Cluster`](crate::Cluster) of that name; `repair` also around `try_repair`, `compare` around `shape`, `create` around the end of `create_with` |
//! | `create_all` | | [`Tenants::create_many`](crate::Tenants::create_many) |
//! | `spares`, `keep_spares` | | [`Spares::count`](crate::Spares::count), [`Spares::keep`](crate::Spares::keep) |
//! | `tenant` | `tenant` | the work on one tenant, inside the call |
//! | `spare` | `spare` | the work on one spare schema, inside the call |
//!
//! # Events
//!
//! An event has the field `tenant` or `spare`, for its schema. An event with neither is about the
//! public schema. The fields repeat the span's fields, because a filter can leave spans out.
//!
//! | message | level | fields | when |
//! | --- | --- | --- | --- |
//! | `schema begun` | `DEBUG` | `tenant`, `spare` | work on a schema begins |
//! | `migration applied` | `DEBUG` | `tenant`, `spare`, `migration`, `version` | a migration is committed |
//! | `migration reverted` | `DEBUG` | `tenant`, `spare`, `migration`, `version` | a rollback of a migration is committed |
//! | `migration said` | `WARN` for a warning, else `DEBUG` | `tenant`, `spare`, `migration`, `line`, `severity`, `sqlstate`, `text` | work on a schema ends: a message of the server during its migrations |
//! | `schema ended` | see below | `tenant`, `spare`, `outcome`, `migrations`, `duration_ms`, `from_spare`, `cloned_from`, `renamed_to`, `moved_to`; of a failure also `error`, `sqlstate`, `migration` | work on a schema ends, or does not start |
//! | `trying again` | `DEBUG` | `tenant`, `spare`, `sqlstate` | a transaction could not get a lock, and starts again |
//! | `waiting for a lock` | `DEBUG` | `tenant`, `spare`, `held_by` | another run works on the schema (named after a second), or other sessions hold a lock that a statement needs |
//! | `spare taken` | `DEBUG` | `tenant`, `spare` | a new tenant takes a spare |
//! | `spare passed over` | `DEBUG` | `tenant`, `spare`, `error`, `sqlstate` | a spare could not be taken |
//! | `run begun` | `DEBUG` | `schemas`, `jobs` | the run has counted the schemas that need a change |
//! | `run ended` | `INFO` | `total`, `failed`, `skipped`, `duration_ms` | `migrate`, `create_all`, `keep_spares`, `rollback`, `squash`, `accept_edits` or `distribute` ends with a report |
//! | `write not committed` | `ERROR` in a build with debug assertions, else `WARN` | `tenant`, `hint` | a transaction of a [`TenantPool`](crate::TenantPool) changed something, and is dropped without a commit, a rollback or an error |
//! | `call ended` | `DEBUG`; `WARN` when it failed | `call`, `outcome`, `duration_ms`; of a failure also `error`, `sqlstate` | a call on no single schema ends |
//!
//! The outcome sets the level of `schema ended`: `WARN` for `failed`, `INFO` for `created`,
//! `cloned`, `migrated`, `reverted`, `renamed`, `moved`, `distributed`, `squashed`, `accepted`,
//! `suspended`, `resumed` and `dropped`, and `DEBUG` for `up_to_date` and `skipped`. If a run checks all tenants, those that
//! are up to date have no event. `run ended` counts them, and counts tenants that are behind in a
//! dry run as skipped. A call whose future is dropped has no end event, and its spans are closed.
//!
//! | field | type | meaning |
//! | --- | --- | --- |
//! | `tenant`, `spare` | text | the schema's name |
//! | `outcome` | text | of a schema `created`, `cloned`, `migrated`, `reverted`, `up_to_date`, `failed`, `renamed`, `moved`, `distributed`, `squashed`, `accepted`, `suspended`, `resumed`, `dropped`, `skipped`; of a call `ok`, `failed` |
//! | `migrations` | number | how many were applied or rolled back; missing after a failed call on one schema; for a tenant from a spare, how many it has |
//! | `migration` | text | a migration's name; with `failed`, the failed migration, if any |
//! | `version` | text | its version |
//! | `line` | number | the line of its file where the statement starts |
//! | `severity` | text | `WARNING` or `NOTICE` |
//! | `text` | text | the server's message; missing if it can quote a value, as with `RAISE` |
//! | `from_spare` | true | the new tenant took a spare; missing if not |
//! | `cloned_from` | text | the original of the clone |
//! | `renamed_to` | text | the tenant's new name; `tenant` is the old one |
//! | `moved_to` | text | the node that the tenant is on now |
//! | `duration_ms` | number | how long it took, in ms |
//! | `error` | text | the error and its causes |
//! | `sqlstate` | text | the SQLSTATE, if the error came from the server |
//! | `held_by` | text | the sessions, as [`LockHolder`] shows them |
//! | `schemas`, `jobs` | number | how many, and how many at a time |
//! | `total` | number | how many tenants the run covers, plus handled spares |
//! | `failed`, `skipped` | number | how many of them |
//! | `call` | text | the name of the call's span |
//! | `hint` | text | what to do |
//!
//! # What is never reported
//!
//! Events contain no password and no URL. A database is shown as `role@host:port/database`. Events
//! contain no text of a statement, and no detail, hint or context of PostgreSQL's errors. They also
//! omit messages that can quote a value or a statement: SQLSTATE classes 22, 38 and P0, 42601, and
//! messages of `RAISE`. The call returns the complete error.

mod end;
mod said;
mod spans;

use std::time::Duration;

use tracing::{debug, error, info, warn};

use crate::migration::Migration;
use crate::report::{FleetReport, Outcome, SpareReport, Status};
use crate::{Error, LockHolder, SchemaName, ServerMessage, TenantName};

use end::{End, What};
use said::{Said, SaidHolders};
pub(crate) use spans::{Call, Whose, created_with, tell_of_one};

/// The target by which a filter selects all events, whatever file reports them.
const TARGET: &str = "tenant_core";

/// Work on a schema begins.
fn schema_begun(Whose { tenant, spare }: Whose<'_>) {
    debug!(target: TARGET, tenant, spare, "schema begun");
}

/// Work on a schema has ended, or is not begun.
pub(crate) fn schema_ended<'a, 'b>(whose: impl Into<Whose<'a>>, end: impl Into<End<'b>>) {
    let Whose { tenant, spare } = whose.into();
    /// The levels differ, and the fields do not.
    macro_rules! tell {
        ($level:ident, $end:ident $(, $field:ident = $value:expr)*) => {
            $level!(
                target: TARGET,
                tenant,
                spare,
                outcome = $end.outcome(),
                migrations = $end.migrations,
                from_spare = $end.from_spare.then_some(true),
                cloned_from = $end.cloned_from(),
                renamed_to = $end.renamed_to(),
                moved_to = $end.moved_to(),
                duration_ms = milliseconds($end.duration),
                $($field = $value,)*
                "schema ended"
            )
        };
    }
    let end = end.into();
    match (end.what, end.error) {
        (_, Some(error)) => tell!(
            warn,
            end,
            migration = error.of_migration(),
            sqlstate = error.sqlstate(),
            error = tracing::field::display(Said(error))
        ),
        (What::Run(Status::UpToDate | Status::Skipped), None) => tell!(debug, end),
        (_, None) => tell!(info, end),
    }
}

/// These migrations are committed.
pub(crate) fn migrations_applied<'a>(whose: impl Into<Whose<'a>>, applied: &[&Migration]) {
    let Whose { tenant, spare } = whose.into();
    for one in applied {
        let (migration, version) = (one.name(), one.version().as_str());
        debug!(target: TARGET, tenant, spare, migration, version, "migration applied");
    }
}

/// That these were reverted is committed.
pub(crate) fn migrations_reverted<'a>(whose: impl Into<Whose<'a>>, reverted: &[&Migration]) {
    let Whose { tenant, spare } = whose.into();
    for one in reverted {
        let (migration, version) = (one.name(), one.version().as_str());
        debug!(target: TARGET, tenant, spare, migration, version, "migration reverted");
    }
}

/// What migrations made the server say.
pub(crate) fn migrations_said<'a>(whose: impl Into<Whose<'a>>, said: &[ServerMessage]) {
    let Whose { tenant, spare } = whose.into();
    /// The levels differ, and the fields do not.
    macro_rules! tell {
        ($level:ident, $one:ident) => {
            $level!(
                target: TARGET,
                tenant,
                spare,
                migration = $one.migration,
                line = $one.line,
                severity = $one.severity,
                sqlstate = $one.sqlstate,
                text = (!$one.may_quote_data).then_some($one.text.as_str()),
                "migration said"
            )
        };
    }
    for one in said {
        if one.is_warning() {
            tell!(warn, one);
        } else {
            tell!(debug, one);
        }
    }
}

/// A transaction has changed something and was neither committed nor explicitly discarded.
pub(crate) fn write_not_committed(tenant: Option<&TenantName>, hint: &str) {
    let tenant = tenant.map(TenantName::as_str);
    match cfg!(debug_assertions) {
        true => error!(target: TARGET, tenant, hint, "write not committed"),
        false => warn!(target: TARGET, tenant, hint, "write not committed"),
    }
}

/// A transaction lost against another session's lock, and starts again.
pub(crate) fn trying_again<'a>(whose: impl Into<Whose<'a>>, sqlstate: Option<&str>) {
    let Whose { tenant, spare } = whose.into();
    debug!(target: TARGET, tenant, spare, sqlstate, "trying again");
}

/// Another session holds a needed lock. `holders` is empty if the session is another run on the
/// same schema.
pub(crate) fn waiting<'a>(whose: impl Into<Whose<'a>>, holders: &[LockHolder]) {
    let Whose { tenant, spare } = whose.into();
    let held_by = (!holders.is_empty()).then(|| tracing::field::display(SaidHolders(holders)));
    debug!(target: TARGET, tenant, spare, held_by, "waiting for a lock");
}

/// A new tenant is made of the spare schema `spare`.
pub(crate) fn spare_taken<'a>(whose: impl Into<Whose<'a>>, spare: &SchemaName) {
    let tenant = whose.into().tenant;
    debug!(target: TARGET, tenant, spare = spare.as_str(), "spare taken");
}

/// The spare schema `spare` could not be taken.
pub(crate) fn spare_passed_over<'a>(
    whose: impl Into<Whose<'a>>,
    spare: &SchemaName,
    error: &Error,
) {
    debug!(
        target: TARGET,
        tenant = whose.into().tenant,
        spare = spare.as_str(),
        sqlstate = error.sqlstate(),
        error = %Said(error),
        "spare passed over"
    );
}

/// It is known how many schemas have something to do.
pub(crate) fn run_begun(schemas: usize, jobs: usize) {
    debug!(target: TARGET, schemas, jobs, "run begun");
}

/// A run over tenants has ended.
pub(crate) fn fleet_ended(report: &FleetReport) {
    run_ended([&report.outcomes, &report.spares], report.duration);
}

/// A run over spare schemas has ended.
pub(crate) fn spares_ended(report: &SpareReport) {
    run_ended([&report.outcomes, &[]], report.duration);
}

fn run_ended(outcomes: [&[Outcome]; 2], duration: Duration) {
    let all = || outcomes.into_iter().flatten();
    let count = |status| all().filter(|outcome| outcome.status == status).count();
    info!(
        target: TARGET,
        total = all().count(),
        failed = count(Status::Failed),
        skipped = count(Status::Skipped),
        duration_ms = milliseconds(duration),
        "run ended"
    );
}

/// A call on no single schema has ended.
fn call_ended(call: Call, error: Option<&Error>, duration: Duration) {
    let (call, duration_ms) = (call.name(), milliseconds(duration));
    match error {
        None => debug!(target: TARGET, call, outcome = "ok", duration_ms, "call ended"),
        Some(error) => warn!(
            target: TARGET,
            call,
            outcome = "failed",
            duration_ms,
            sqlstate = error.sqlstate(),
            error = %Said(error),
            "call ended"
        ),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
