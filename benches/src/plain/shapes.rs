//! The least that a comparison of whole schemas must do: read every definition that
//! PostgreSQL has, take the schema's name out, and see that all come to the same.

use anyhow::{bail, ensure};

use super::connect;
use crate::arguments::Task;
use crate::stopwatch::{Sample, Stopwatch};

const HASHES: &str = "WITH tenant AS MATERIALIZED ( \
         SELECT n.oid, n.nspname FROM public.schema_tracker t \
         JOIN pg_catalog.pg_namespace n ON n.nspname = t.name), \
     relation AS MATERIALIZED ( \
         SELECT c.oid, c.relname, t.oid AS schema, t.nspname FROM tenant t \
         JOIN pg_catalog.pg_class c ON c.relnamespace = t.oid AND c.relkind IN ('r', 'p', 'v', 'm')), \
     line AS ( \
         SELECT r.schema, r.nspname, pg_catalog.concat_ws(' ', r.relname, a.attname, \
             pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, \
             pg_catalog.pg_get_expr(d.adbin, d.adrelid)) AS text \
         FROM relation r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 \
         LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum \
         WHERE NOT a.attisdropped UNION ALL \
         SELECT r.schema, r.nspname, pg_catalog.concat_ws(' ', r.relname, k.conname, \
             pg_catalog.pg_get_constraintdef(k.oid)) \
         FROM relation r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid UNION ALL \
         SELECT r.schema, r.nspname, pg_catalog.pg_get_indexdef(i.indexrelid) \
         FROM relation r JOIN pg_catalog.pg_index i ON i.indrelid = r.oid UNION ALL \
         SELECT r.schema, r.nspname, pg_catalog.pg_get_triggerdef(g.oid) \
         FROM relation r JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid \
         WHERE NOT g.tgisinternal UNION ALL \
         SELECT t.oid, t.nspname, pg_catalog.pg_get_functiondef(p.oid) \
         FROM tenant t JOIN pg_catalog.pg_proc p ON p.pronamespace = t.oid UNION ALL \
         SELECT t.oid, t.nspname, pg_catalog.concat_ws(' ', y.typname, e.enumlabel) \
         FROM tenant t JOIN pg_catalog.pg_type y ON y.typnamespace = t.oid \
         JOIN pg_catalog.pg_enum e ON e.enumtypid = y.oid), \
     hashed AS ( \
         SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.replace(text, nspname || '.', ''), \
             ';' ORDER BY pg_catalog.replace(text, nspname || '.', ''))) AS hash \
         FROM line GROUP BY schema) \
     SELECT hash, count(*) FROM hashed GROUP BY hash";

/// Compares all schemas with each other.
pub(crate) async fn shapes(task: &Task) -> anyhow::Result<Sample> {
    let client = connect(&task.url).await?;
    let stopwatch = Stopwatch::start();
    client.batch_execute("SET jit = off").await?;
    let hashes = client.query_typed(HASHES, &[]).await?;
    let sample = stopwatch.stop(task.tenants);
    let [hash] = hashes.as_slice() else {
        bail!("{} different shapes", hashes.len())
    };
    let count = usize::try_from(hash.try_get::<_, i64>(1)?)?;
    ensure!(count == task.tenants, "{count} schemas");
    Ok(sample)
}
