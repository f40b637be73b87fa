//! The same for migrations outside a transaction, before they run.
//!
//! Outside a transaction no locks show the changes. So each name without a schema is looked up in
//! advance.

use sql_text::literal;

use super::list::namespace;
use crate::Error;
use crate::engine::blame::refused;
use crate::engine::script::Script;
use crate::engine::send::ask;
use crate::engine::work::Work;
use crate::migration::{Mentions, Migration, MigrationFile};

/// Refuses a migration that runs outside a transaction and speaks of what only the schema
/// behind the tenant's has.
///
/// # Errors
///
/// [`Error::ChangedElsewhere`], or that the database cannot be asked.
pub(in crate::engine) async fn refuse_outside(
    work: Work<'_>,
    migration: &Migration,
    file: MigrationFile,
) -> Result<(), Error> {
    let Some(schema) = work.behind() else {
        return Ok(());
    };
    let mentions = Mentions::of(migration.statements(file), schema.name());
    let shared = &work.settings.shared_objects;
    let names = mentions
        .not_created()
        .filter(|name| !shared.iter().any(|one| one == name))
        .map(literal)
        .collect::<Vec<_>>();
    if names.is_empty() {
        return Ok(());
    }
    let (tenant, behind) = (
        namespace(work.schema.schema_name()),
        namespace(schema.name()),
    );
    let is_in = |namespace: &str| {
        format!(
            "(EXISTS (SELECT FROM pg_catalog.pg_class c \
                      WHERE c.relname = n.name AND c.relnamespace = {namespace}) \
              OR EXISTS (SELECT FROM pg_catalog.pg_type t \
                         WHERE t.typname = n.name AND t.typnamespace = {namespace}) \
              OR EXISTS (SELECT FROM pg_catalog.pg_proc p \
                         WHERE p.proname = n.name AND p.pronamespace = {namespace}))"
        )
    };
    let query = format!(
        "SELECT {schema} || '.' || pg_catalog.quote_ident(n.name) \
         FROM pg_catalog.unnest(ARRAY[{names}]::text[]) n(name) WHERE {} AND NOT {}",
        is_in(&behind),
        is_in(&tenant),
        schema = literal(&sql_text::ident(schema.name())),
        names = names.join(", ")
    );
    let mut script = Script::default();
    script.step("look up the objects that the migration names", &query);
    let rows = ask(work, &script).await?;
    let found = rows
        .iter()
        .filter_map(|row| row.get(0).map(str::to_owned))
        .collect::<Vec<_>>();
    if found.is_empty() {
        return Ok(());
    }
    Err(refused(work, migration, file, found))
}
