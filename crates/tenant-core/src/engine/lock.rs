//! The lock of a schema: an advisory lock of the database.

use sql_text::literal;

use super::script::Script;
use super::work::Work;
use crate::assertion::Assertion;
use crate::name::Schema;

/// The statement that takes the schema's lock until the transaction ends. It
/// fails where somebody else holds the lock: the message that it stands in goes no
/// further, and waits for nothing.
pub(super) fn require_lock(schema: Schema<'_>) -> String {
    let take = format!("pg_catalog.pg_try_advisory_xact_lock({})", lock_key(schema));
    Assertion::Lock.check(&take)
}

/// The number that stands for the schema, by its own name, among the database's advisory locks.
pub(super) fn lock_key(schema: Schema<'_>) -> String {
    let text = literal(&schema.lock_text());
    format!("pg_catalog.hashtextextended({text}, 0)")
}

/// Keeps the schema's lock beyond the transaction. The same session holds it
/// already, so this cannot fail.
pub(super) fn hold_lock(work: Work<'_>, script: &mut Script<'_>) {
    let key = lock_key(work.schema);
    script.step(
        "keeping the lock",
        &format!("SELECT pg_catalog.pg_try_advisory_lock({key})"),
    );
}
