//! Gives a scratch database the extensions of the one beside it.

use command_line::Output;
use tenant_core::{ExtensionsSchema, PgError};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

/// An extension that was copied.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) name: String,
    /// The statement that takes it away again.
    pub(super) drop: String,
}

/// Copies them from `origin` to `scratch`, and makes the schema for extensions
/// if `origin` has it. One that cannot be made is said, and left out: whether a
/// migration needs it is seen when they run.
pub(super) async fn copy(
    origin: &Client,
    scratch: &Client,
    schema: Option<&ExtensionsSchema>,
    output: Output,
) -> Result<Vec<Copied>, PgError> {
    // In the order in which they were made, because one may need another.
    let sql = "SELECT extname, format('DROP EXTENSION %I', extname), \
                      CASE WHEN nspname !~ '^pg_|^public$' \
                           THEN format('CREATE SCHEMA IF NOT EXISTS %I; ', nspname) ELSE '' END \
                      || format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', extname, nspname) \
               FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace \
               WHERE extname <> 'plpgsql' ORDER BY e.oid";
    let mut copied = Vec::new();
    for row in origin.query_typed(sql, &[]).await? {
        let (name, drop) = (row.try_get::<_, String>(0)?, row.try_get(1)?);
        match scratch.batch_execute(row.try_get(2)?).await {
            Ok(()) => copied.push(Copied { name, drop }),
            Err(error) => output.note(&format!(
                "note: could not create the extension `{name}` in the scratch database: {}",
                PgError::from(error)
            )),
        }
    }
    if let Some(schema) = schema {
        let sql = "SELECT format('CREATE SCHEMA IF NOT EXISTS %I', nspname) FROM pg_namespace \
                   WHERE nspname = $1";
        let parameter = (&schema.name() as _, Type::TEXT);
        for row in origin.query_typed(sql, &[parameter]).await? {
            scratch.batch_execute(row.try_get(0)?).await?;
        }
    }
    Ok(copied)
}
