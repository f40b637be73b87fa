//! Migration histories that lack entries: the list records that a migration was applied, and the
//! schema's own history does not list it.
//!
//! Two records of one fact contradict each other. A migration that runs again can change rows
//! twice without an error, so nothing runs until the caller says what is right.

use super::script::Script;
use super::send::ask;
use super::settings::LostEntries;
use super::without_history::is_empty;
use super::work::Work;
use crate::migration::Migration;
use crate::name::Schema;
use crate::{Error, TenantName, Version};

/// The query for those of the `pending` migrations that the list records. None if they are to
/// run again, or nothing is recorded.
pub(super) fn recorded(work: Work<'_>, pending: &[&Migration]) -> Option<String> {
    if work.settings.lost_entries == LostEntries::Rerun {
        return None;
    }
    let versions = pending.iter().map(|it| it.version().as_str());
    work.registry.recorded(work.schema, versions)
}

/// Refuses the schema of `work` if the list records one of the `pending` migrations. A schema
/// without any entry that holds nothing has lost nothing: it was created again.
///
/// # Errors
///
/// [`Error::LostEntries`], or a server error.
pub(super) async fn require_kept(
    work: Work<'_>,
    applied: &[String],
    pending: &[&Migration],
) -> Result<(), Error> {
    let Some(question) = recorded(work, pending) else {
        return Ok(());
    };
    let mut script = Script::default();
    script.step("read the migrations that the list records", &question);
    let rows = ask(work, &script).await?;
    let versions = rows.iter().filter_map(|row| row.get(0));
    let versions = versions.map(Version::recorded).collect::<Vec<_>>();
    if versions.is_empty() || (applied.is_empty() && is_empty(work).await?) {
        return Ok(());
    }
    Err(lost_entries(work.schema, versions))
}

/// The error about a schema whose history lacks these versions.
pub(crate) fn lost_entries(schema: Schema<'_>, versions: Vec<Version>) -> Error {
    Error::LostEntries {
        schema: schema.to_string(),
        tenant: name_of(schema).cloned(),
        versions,
    }
}

fn name_of(schema: Schema<'_>) -> Option<&TenantName> {
    match schema {
        Schema::Tenant(target) => Some(&target.name),
        Schema::Public | Schema::Spare(_) | Schema::Rehearsal(_) => None,
    }
}
