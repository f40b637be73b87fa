//! Facts about the database where statements of migrations and of this library run: whether the
//! role may run blocks of PL/pgSQL, and whether definitions call functions.

use super::script::Script;
use super::send::ask;
use super::surroundings::Abilities;
use super::work::Work;
use crate::Error;

/// One row with both.
const QUESTION: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_language l \
                         WHERE l.lanname = 'plpgsql' \
                         AND pg_catalog.has_language_privilege(l.oid, 'USAGE')), \
                        EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtenabled <> 'D')";

/// What statements can do in the database of `work`. Asked once for each run.
///
/// # Errors
///
/// A server error.
pub(super) async fn abilities(work: Work<'_>) -> Result<Abilities, Error> {
    if let Some(known) = work.surroundings.abilities() {
        return Ok(known);
    }
    let mut script = Script::default();
    script.step("look for PL/pgSQL and event triggers", QUESTION);
    let rows = ask(work, &script).await?;
    let is = |column| rows.first().and_then(|row| row.get(column)) == Some("t");
    let abilities = Abilities {
        blocks: is(0),
        event_triggers: is(1),
    };
    work.surroundings.keep_abilities(abilities);
    Ok(abilities)
}
