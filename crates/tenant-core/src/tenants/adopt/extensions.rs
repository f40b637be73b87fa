//! Extensions in a schema that becomes a tenant's.

use tokio_postgres::types::{ToSql, Type};

use crate::report::Note;
use crate::tenants::reading::Reading;
use crate::{Error, SchemaName};

/// Where extensions go unless a schema is named for them.
const USUAL: &str = "ext";

/// A note for each extension that lies in `schema`. A database has one of each, so that
/// every other tenant uses this one, and it goes with the tenant.
///
/// # Errors
///
/// A server error.
pub(super) async fn extensions_inside(
    reading: &Reading<'_>,
    schema: &SchemaName,
    extensions_schema: Option<&str>,
) -> Result<Vec<Note>, Error> {
    let sql = "SELECT e.extname::text, e.extrelocatable FROM pg_catalog.pg_extension e \
               JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
               WHERE n.nspname = $1 ORDER BY e.extname";
    let failed = |error| Error::database("look for extensions in the schema", error);
    let name = schema.as_str();
    let parameter = (&name as &(dyn ToSql + Sync), Type::NAME);
    let rows = reading.query(sql, &[parameter]).await.map_err(failed)?;
    let elsewhere = extensions_schema.unwrap_or(USUAL);
    let notes = rows.iter().map(|row| {
        Ok(Note::ExtensionInside {
            schema: schema.to_string(),
            extension: row.try_get(0)?,
            elsewhere: row.try_get::<_, bool>(1)?.then(|| elsewhere.to_owned()),
        })
    });
    notes.collect::<Result<_, _>>().map_err(failed)
}
