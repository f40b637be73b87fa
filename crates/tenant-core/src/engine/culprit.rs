//! Finds the function that made a migration fail, where PostgreSQL does not say its schema.
//!
//! It leaves the schema out of what is in the path: the functions of the tenant's schema,
//! and those of the schema for extensions, which is where event triggers often have
//! theirs. The server is asked which it is, once the failure has undone what the
//! migration made.

use sql_text::{ident, literal};

use super::work::Work;
use crate::PgError;
use crate::error::trigger_function;
use crate::migration::{Migration, MigrationFile, Sql};
use crate::name::Schema;

/// The function, with its schema, if neither the migration nor the schema has it.
pub(super) async fn function_elsewhere(
    work: Work<'_>,
    (migration, file): (&Migration, MigrationFile),
    error: &PgError,
) -> Option<String> {
    let (name, written) = trigger_function(error)?;
    // What the migration speaks of, it has made or calls.
    if migration.file(file).map(Sql::text)?.contains(&name) {
        return None;
    }
    let (elsewhere, own) = match (work.schema, &work.settings.extensions) {
        (Schema::Public, _) => (work.schema.schema_name(), None),
        (_, Some(extensions)) => (extensions.name(), Some(work.schema.ident())),
        (_, None) => return None,
    };
    let exists = |schema: &str| {
        let function = literal(&format!("{schema}.{written}"));
        format!("pg_catalog.to_regprocedure({function}) IS NOT NULL")
    };
    let mut sql = format!(
        "SELECT pg_catalog.quote_ident({}) WHERE {}",
        literal(elsewhere),
        exists(&ident(elsewhere))
    );
    if let Some(own) = own {
        sql = format!("{sql} AND NOT {}", exists(&own));
    }
    let client = work.database.pinned_driver().await.ok()?;
    let row = client.query_typed_opt(&sql, &[]).await.ok()??;
    let schema = row.try_get::<_, String>(0).ok()?;
    Some(format!("{schema}.{written}"))
}
