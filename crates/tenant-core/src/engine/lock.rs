//! The lock of a schema: an advisory lock of the database.

use sql_text::literal;

use super::script::Script;
use super::work::Work;
use crate::assertion::Assertion;
use crate::name::Schema;

/// The text of the lock that all runs hold together, by which others know them as runs.
const RUN: &str = "diesel-tenants run";

/// The text of the lock of the run whose turn it is on what tenants share.
const SHARED: &str = "diesel-tenants shared";

/// The statement that takes the schema's lock until the transaction ends. It fails if another
/// session holds the lock. Then the message that contains it stops there, and waits for nothing.
pub(super) fn require_lock(schema: Schema<'_>) -> String {
    let (key, run) = (lock_key(schema), run_key());
    let take = format!("pg_catalog.pg_try_advisory_xact_lock({key})");
    // No run takes the second lock exclusively, so it is always available.
    let take_part = format!("pg_catalog.pg_try_advisory_xact_lock_shared({run}) IS NOT NULL");
    Assertion::Lock.check(&format!("{take} AND {take_part}"))
}

/// The same for the lock of the run whose turn it is on what tenants share.
pub(super) fn require_turn() -> String {
    let take = format!("pg_catalog.pg_try_advisory_xact_lock({})", turn_key());
    Assertion::Lock.check(&take)
}

/// The number of the schema, by its own name, among the database's advisory locks.
pub(super) fn lock_key(schema: Schema<'_>) -> String {
    key_of(&schema.lock_text())
}

/// The number of a run among them.
pub(super) fn run_key() -> String {
    key_of(RUN)
}

/// The number, among them, of the turn on shared objects.
pub(super) fn turn_key() -> String {
    key_of(SHARED)
}

fn key_of(text: &str) -> String {
    format!("pg_catalog.hashtextextended({}, 0)", literal(text))
}

/// Keeps the schema's lock beyond the transaction. The same session holds it
/// already, so this cannot fail.
pub(super) fn hold_lock(work: Work<'_>, script: &mut Script<'_>) {
    let (key, run) = (lock_key(work.schema), run_key());
    script.step(
        "keep the lock",
        &format!(
            "SELECT pg_catalog.pg_try_advisory_lock({key}), \
                    pg_catalog.pg_try_advisory_lock_shared({run})"
        ),
    );
}
