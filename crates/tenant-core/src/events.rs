//! What this crate tells through [`tracing`]: its spans, events and fields.
//!
//! A server that installs a subscriber sees each call on
//! [`Tenants`](crate::Tenants), each tenant that something is done with, and how
//! it ended. Whoever installs none pays nothing worth mentioning. Spans, messages
//! and fields are part of the interface: they stay as they are. Their target is
//! `tenant_core`.
//!
//! # Spans
//!
//! All at `INFO`.
//!
//! | span | fields | around |
//! | --- | --- | --- |
//! | `open`, `migrate_public`, `migrate`, `create`, `clone_tenant`, `rename`, `drop_tenant`, `contents`, `list`, `standings`, `health`, `repair`, `adopt`, `compare`, `plan_rollback`, `rollback`, `squash`, `accept_edits`, `move_tenant`, `distribute` | | the call on [`Tenants`](crate::Tenants) or [`Cluster`](crate::Cluster) of that name; `repair` also around `try_repair`, `compare` around `shape` |
//! | `create_all` | | [`Tenants::create_many`](crate::Tenants::create_many) |
//! | `spares`, `keep_spares` | | [`Spares::count`](crate::Spares::count), [`Spares::keep`](crate::Spares::keep) |
//! | `tenant` | `tenant` | the work on one tenant, inside the call |
//! | `spare` | `spare` | the work on one spare schema, inside the call |
//!
//! # Events
//!
//! Of `tenant` and `spare` an event has the one that it is about; what has
//! neither is about the public schema. They are repeated from the span, because a
//! filter may leave spans out.
//!
//! | message | level | fields | when |
//! | --- | --- | --- | --- |
//! | `schema begun` | `DEBUG` | `tenant`, `spare` | work on a schema begins |
//! | `migration applied` | `DEBUG` | `tenant`, `spare`, `migration`, `version` | a migration is committed |
//! | `migration reverted` | `DEBUG` | `tenant`, `spare`, `migration`, `version` | that a migration was reverted is committed |
//! | `migration said` | `WARN` for a warning, else `DEBUG` | `tenant`, `spare`, `migration`, `line`, `severity`, `sqlstate`, `text` | once work on a schema ends: what its migrations made the server say |
//! | `schema ended` | see below | `tenant`, `spare`, `outcome`, `migrations`, `duration_ms`, `from_spare`, `cloned_from`, `renamed_to`, `moved_to`; of a failure also `error`, `sqlstate`, `migration` | work on a schema ends, or is not begun |
//! | `trying again` | `DEBUG` | `tenant`, `spare`, `sqlstate` | a transaction lost against somebody's lock, and is begun anew |
//! | `waiting for a lock` | `DEBUG` | `tenant`, `spare`, `held_by` | another run works on the schema (at first nobody is named, and after a second that run), or other sessions hold what a statement needs |
//! | `spare taken` | `DEBUG` | `tenant`, `spare` | a new tenant is made of a spare schema |
//! | `spare passed over` | `DEBUG` | `tenant`, `spare`, `error`, `sqlstate` | a spare schema could not be taken |
//! | `run begun` | `DEBUG` | `schemas`, `jobs` | it is known how many schemas have something to do, and how many at a time |
//! | `run ended` | `INFO` | `total`, `failed`, `skipped`, `duration_ms` | `migrate`, `create_all`, `keep_spares`, `rollback`, `squash`, `accept_edits` or `distribute` ends with a report |
//! | `write not committed` | `ERROR` in a build with debug assertions, else WARN | `tenant`, `hint` | a transaction of a [`TenantPool`](crate::TenantPool) has changed something and is dropped without a commit, a rollback or an error |
//! | `call ended` | `DEBUG`; `WARN` when it failed | `call`, `outcome`, `duration_ms`; of a failure also `error`, `sqlstate` | a call on no single schema ends |
//!
//! `schema ended` has the level of its outcome: `WARN` for `failed`, `INFO` for
//! `created`, `cloned`, `migrated`, `reverted`, `renamed`, `moved`, `distributed`, `squashed`, `accepted` and `dropped`, `DEBUG` for `up_to_date` and `skipped`.
//! Tenants that are found to be up to date when all are looked at have no event
//! of their own, however many they are: `run ended` counts them. So it does with
//! those that a dry run finds behind, as skipped. A call whose
//! future is dropped has no end: its spans are closed.
//!
//! | field | type | meaning |
//! | --- | --- | --- |
//! | `tenant`, `spare` | text | the schema's name |
//! | `outcome` | text | of a schema `created`, `cloned`, `migrated`, `reverted`, `up_to_date`, `failed`, `renamed`, `moved`, `distributed`, `squashed`, `accepted`, `dropped`, `skipped`; of a call `ok`, `failed` |
//! | `migrations` | number | how many were applied or reverted, which a call on one schema that failed does not tell; to a new tenant that took a spare: how many it has |
//! | `migration` | text | a migration's name; with `failed` the one that failed, if it was one |
//! | `version` | text | its version |
//! | `line` | number | the line of its file where the statement starts |
//! | `severity` | text | PostgreSQL's word: `WARNING`, `NOTICE` |
//! | `text` | text | what the server says; not there where that may quote a value, as of `RAISE` |
//! | `from_spare` | true | the new tenant took a spare schema; else the field is not there |
//! | `cloned_from` | text | the tenant that the new one is like |
//! | `renamed_to` | text | the tenant's new name; `tenant` is the old one |
//! | `moved_to` | text | the server of the cluster that the tenant is on now |
//! | `duration_ms` | number | how long it took, in ms |
//! | `error` | text | the error and its causes |
//! | `sqlstate` | text | PostgreSQL's code for it, if the server spoke |
//! | `held_by` | text | the sessions, as [`LockHolder`] shows them |
//! | `schemas`, `jobs` | number | how many, and how many at a time |
//! | `total` | number | how many tenants the run is about, and how many spare schemas something was done with |
//! | `failed`, `skipped` | number | how many of them |
//! | `call` | text | the name of the call's span |
//! | `hint` | text | what to do |
//!
//! # What is never told
//!
//! No password and no URL: a database is shown as `role@host:port/database`. No
//! text of a statement. Of PostgreSQL's errors no detail, hint or context, and
//! not the message either where it may quote a value or a statement: SQLSTATE
//! class 22, 38 and P0, 42601, and whatever `RAISE` says. The whole error is what the
//! call gives back.

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
pub(crate) use spans::{Call, Whose, tell_of_one};

/// What a filter knows all of this by, whichever file it stands in.
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

/// A transaction has changed something, and nobody has committed it or said to lose it.
pub(crate) fn write_not_committed(tenant: Option<&TenantName>, hint: &str) {
    let tenant = tenant.map(TenantName::as_str);
    match cfg!(debug_assertions) {
        true => error!(target: TARGET, tenant, hint, "write not committed"),
        false => warn!(target: TARGET, tenant, hint, "write not committed"),
    }
}

/// A transaction lost against somebody's lock, and is begun anew.
pub(crate) fn trying_again<'a>(whose: impl Into<Whose<'a>>, sqlstate: Option<&str>) {
    let Whose { tenant, spare } = whose.into();
    debug!(target: TARGET, tenant, spare, sqlstate, "trying again");
}

/// Somebody else holds what is needed; nobody is named when it is another run on
/// the same schema.
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
