//! Settings that a transaction or a session must set if its connection does not bring them.

use super::cluster::CARRY_SETTINGS;
use super::script::Script;
use super::work::Work;
use crate::link::{Database, Limits, Session};

/// The statements at the start of a transaction on `session`. A direct connection needs none,
/// because its startup options set everything. On a cluster each statement must be a separate
/// message.
pub(crate) fn settings_of(database: &Database, session: &Session, limits: Limits) -> Vec<String> {
    let is_cluster = database.is_cluster();
    let pinned = session.pinned().statements("SET LOCAL", limits, is_cluster);
    let carry = (is_cluster && !pinned.is_empty()).then(|| CARRY_SETTINGS.to_owned());
    carry.into_iter().chain(pinned).collect()
}

/// The same for `work`.
pub(super) fn in_transaction(work: Work<'_>) -> Vec<String> {
    settings_of(work.database, work.session, work.settings.limits())
}

/// Settings for statements outside a transaction: as at the start of the session.
pub(super) fn set_for_session(work: Work<'_>, script: &mut Script<'_>) {
    script.step("reset the settings of the session", "RESET ALL");
    let limits = work.settings.limits();
    for set in work.session.pinned().statements("SET", limits, false) {
        script.step("prepare the session", &set);
    }
}
