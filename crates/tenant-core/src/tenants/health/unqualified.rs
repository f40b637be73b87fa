//! Functions that fail where the path is empty: see [`shape`](crate::shape).

use std::collections::BTreeSet;

use sql_text::Referred;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error as DriverError, Row};

use crate::Error;
use crate::report::{Problem, ProblemKind};
use crate::shape::{Elsewhere, Shape, candidates, unqualified};
use crate::tenants::reading::Reading;

/// The functions of the migrations that work with the tenants' path alone, although
/// PostgreSQL calls them without it. They are the same in every tenant.
///
/// # Errors
///
/// A server error.
pub(super) async fn unqualified_functions(
    reading: &Reading<'_>,
    shape: &Shape,
) -> Result<Vec<Problem>, Error> {
    let candidates = candidates(shape);
    let references = candidates.iter().flat_map(|it| &it.references);
    let names = references.map(|it| it.name.as_str());
    let names = names.collect::<BTreeSet<_>>();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let elsewhere = elsewhere(reading, &names.into_iter().collect::<Vec<_>>()).await;
    let failed = |error| Error::database("look for the names in functions", error);
    let found = unqualified(shape, &elsewhere.map_err(failed)?);
    let problems = found.into_iter().map(|found| Problem {
        tenant: None,
        kind: ProblemKind::UnqualifiedFunction {
            function: found.function,
            names: found.names,
            used_by: found.used_by,
        },
    });
    Ok(problems.collect())
}

/// Which of `names` PostgreSQL has itself, and which came with extensions.
async fn elsewhere(reading: &Reading<'_>, names: &[&str]) -> Result<Elsewhere, DriverError> {
    let parameter = (&names as &(dyn ToSql + Sync), Type::TEXT_ARRAY);
    let mut elsewhere = Elsewhere::default();
    for row in reading.query(ELSEWHERE, &[parameter]).await? {
        let name = (referred(&row)?, row.try_get(1)?);
        if row.try_get(2)? {
            elsewhere.catalog.insert(name);
        } else {
            elsewhere.extensions.insert(name);
        }
    }
    Ok(elsewhere)
}

fn referred(row: &Row) -> Result<Referred, DriverError> {
    Ok(match row.try_get(0)? {
        "function" => Referred::Function,
        "relation" => Referred::Relation,
        _ => Referred::Type,
    })
}

/// A name may be there twice: in the catalog, and from an extension.
const ELSEWHERE: &str = "
    WITH named AS (
        SELECT 'function' AS kind, p.proname::text AS name, p.pronamespace AS place,
               'pg_catalog.pg_proc'::pg_catalog.regclass AS catalog, p.oid
        FROM pg_catalog.pg_proc p WHERE p.proname = ANY ($1::name[])
        UNION ALL
        SELECT 'relation', c.relname::text, c.relnamespace,
               'pg_catalog.pg_class'::pg_catalog.regclass, c.oid
        FROM pg_catalog.pg_class c WHERE c.relname = ANY ($1::name[])
        UNION ALL
        SELECT 'type', t.typname::text, t.typnamespace,
               'pg_catalog.pg_type'::pg_catalog.regclass, t.oid
        FROM pg_catalog.pg_type t WHERE t.typname = ANY ($1::name[]))
    SELECT DISTINCT n.kind, n.name, n.place = 'pg_catalog'::pg_catalog.regnamespace
    FROM named n
    WHERE n.place = 'pg_catalog'::pg_catalog.regnamespace
       OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = n.catalog
                  AND d.objid = n.oid AND d.deptype = 'e')";
