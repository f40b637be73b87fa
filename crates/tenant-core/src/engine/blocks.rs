//! Whether the role may run blocks of PL/pgSQL.

use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::Error;

/// Answers with a row where the role may.
const MAY_RUN_BLOCKS: &str = "SELECT l.lanname FROM pg_catalog.pg_language l \
                              WHERE l.lanname = 'plpgsql' \
                              AND pg_catalog.has_language_privilege(l.oid, 'USAGE')";

/// Whether it may. Asked once for a handle on the tenants.
///
/// # Errors
///
/// What the server says.
pub(super) async fn may_run_blocks(work: Work<'_>) -> Result<bool, Error> {
    if let Some(known) = work.surroundings.may_run_blocks() {
        return Ok(known);
    }
    let mut script = Script::default();
    script.step("looking for PL/pgSQL", MAY_RUN_BLOCKS);
    let may = !ask(work, &script).await?.is_empty();
    work.surroundings.keep_may_run_blocks(may);
    Ok(may)
}
