//! The extensions of a database, to be made in another one around the public migrations.

use std::collections::BTreeSet;

use sql_text::ident;

use crate::Error;
use crate::engine::work::Work;
use crate::migration::CreatedAnew;

/// The query for each extension, its schema, and those that it needs, in the order in which
/// they were made.
const EXTENSIONS: &str = "SELECT e.extname::text, n.nspname::text, \
            ARRAY(SELECT r.extname::text FROM pg_catalog.pg_depend d \
                  JOIN pg_catalog.pg_extension r ON r.oid = d.refobjid \
                  WHERE d.classid = 'pg_catalog.pg_extension'::pg_catalog.regclass \
                  AND d.refclassid = d.classid AND d.objid = e.oid) \
     FROM pg_catalog.pg_extension e \
     JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
     WHERE e.extname <> 'plpgsql' ORDER BY e.oid";

/// The extensions of a database.
pub(super) struct Extensions(Vec<Extension>);

struct Extension {
    name: String,
    schema: String,
    needs: Vec<String>,
}

impl Extensions {
    /// The extensions of the database of `work`.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn read(work: Work<'_>) -> Result<Self, Error> {
        let failed = |error| Error::database("read the extensions", error);
        let rows = work.session.client().query_typed(EXTENSIONS, &[]).await;
        let rows = rows.map_err(failed)?;
        let extensions = rows.iter().map(|row| {
            Ok(Extension {
                name: row.try_get(0)?,
                schema: row.try_get(1)?,
                needs: row.try_get(2)?,
            })
        });
        let extensions = extensions.collect::<Result<_, _>>();
        Ok(Self(extensions.map_err(failed)?))
    }

    /// The statements that create the extensions and their schemas: those that can run before
    /// migrations that create `anew`, and those that must run after.
    pub(super) fn around(&self, anew: &CreatedAnew) -> (Vec<String>, Vec<String>) {
        let mut later = BTreeSet::new();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for extension in &self.0 {
            let [schema, create] = extension.statements();
            let is_in_new = anew.schemas.contains(&extension.schema);
            if !is_in_new {
                before.push(schema);
            }
            let is_later = is_in_new
                || anew.extensions.contains(&extension.name)
                || extension.needs.iter().any(|it| later.contains(it.as_str()));
            if is_later {
                later.insert(extension.name.as_str());
                after.push(create);
            } else {
                before.push(create);
            }
        }
        (before, after)
    }
}

impl Extension {
    fn statements(&self) -> [String; 2] {
        let (name, schema) = (ident(&self.name), ident(&self.schema));
        [
            format!("CREATE SCHEMA IF NOT EXISTS {schema}"),
            format!("CREATE EXTENSION IF NOT EXISTS {name} SCHEMA {schema}"),
        ]
    }
}
