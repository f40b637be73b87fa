//! Makes a tenant of a spare schema: it is given the tenant's name.
//!
//! That takes a few milliseconds, whatever the migrations are. Two who claim at
//! once never get the same spare: its row in the list is held, and a row that
//! somebody holds is passed over.

use super::Work;
use super::attempt::{close, finish, require_lock};
use super::cluster::require_distributed;
use super::create::open_for_new;
use super::ledger::is_exactly;
use super::parts::run_script;
use super::script::Script;
use crate::migration::Migration;
use crate::sql::Schema;
use crate::{Error, TenantName, events, tracker};

/// How many spares are tried that turn out not to be usable.
const ATTEMPTS: usize = 3;

/// Makes the tenant `name`, whose schema is that of `work`, of a spare. False
/// when there is none that is up to date; then nothing has changed.
///
/// # Errors
///
/// When the name is not free. What is wrong with a spare is no error: the
/// tenant can be built instead.
pub(crate) async fn claim(work: Work<'_>, name: &TenantName) -> Result<bool, Error> {
    let mut passed_over = Vec::new();
    while passed_over.len() < ATTEMPTS {
        open_for_new(work, name).await?;
        let Some(spare) = pick(work, &passed_over).await else {
            close(work).await;
            return Ok(false);
        };
        let script = take(work, &spare);
        match finish(work, run_script(work, &script).await).await {
            Ok(()) => {
                events::spare_taken(work.schema, &spare);
                return Ok(true);
            }
            Err(error) => events::spare_passed_over(work.schema, &spare, &error),
        }
        passed_over.push(spare);
    }
    Ok(false)
}

/// The name of a spare that is now held.
async fn pick(work: Work<'_>, passed_over: &[TenantName]) -> Option<TenantName> {
    let newest = work.migrations.iter().next_back().map(Migration::version);
    let mut script = Script::default();
    let query = tracker::pick_spare(newest, passed_over);
    script.step("looking for a spare schema", &query);
    let rows = script.run(work).await.ok()?;
    rows.first()?.get(0)?.parse().ok()
}

/// Gives the spare the tenant's name, if nobody works on it and its own table of
/// applied migrations says that it is up to date.
fn take(work: Work<'_>, spare: &TenantName) -> Script<'static> {
    let schema = Schema::Spare(spare);
    let newest = work.migrations.iter().next_back().map(Migration::version);
    let mut script = Script::default();
    script.step("taking the spare schema's lock", &require_lock(schema));
    let versions = work.migrations.iter().map(Migration::version);
    let up_to_date = format!("SELECT 1 / ({})::int", is_exactly(schema, versions));
    script.step("checking that the spare schema is up to date", &up_to_date);
    if work.database.is_cluster() {
        require_distributed(schema, &mut script);
    }
    let rename = format!(
        "ALTER SCHEMA {} RENAME TO {}",
        schema.ident(),
        work.schema.ident()
    );
    script.step("naming the schema", &rename);
    script.step(
        "updating the lists of schemas in public",
        &tracker::take_over(schema, work.schema, newest, work.fingerprints),
    );
    script.step("committing", "COMMIT");
    script
}
