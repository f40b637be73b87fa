//! Tables that all tenants of a Citus cluster refer to.
//!
//! A foreign key leads to a table that is on the same server as the tenant's, or to a
//! reference table, of which each server has a copy.

use sql_text::{ident, literal};

use super::attempt::Attempts;
use super::script::Script;
use super::send::run_script;
use super::transaction::{close, finish, open};
use super::work::Work;
use crate::Error;

/// Turns the existing tables among `tables`, names in the schema of `work`, into reference
/// tables. Returns the tables that were not reference tables before.
///
/// # Errors
///
/// What the server says, for example that a table has a trigger. Then nothing has
/// happened.
pub(crate) async fn make_reference_tables(
    work: Work<'_>,
    tables: &[String],
) -> Result<Vec<String>, Error> {
    let mut attempts = Attempts::new();
    loop {
        match make_once(work, tables).await {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

async fn make_once(work: Work<'_>, tables: &[String]) -> Result<Vec<String>, Error> {
    let opened = open(work, &lacking(work, tables)).await;
    let rows = opened.map_err(|error| error.into_error(work))?;
    let lacking = rows.iter().filter_map(|row| row.get(0).map(str::to_owned));
    let lacking = lacking.collect::<Vec<_>>();
    if lacking.is_empty() {
        close(work).await;
        return Ok(lacking);
    }
    let mut script = Script::default();
    for table in &lacking {
        let table = format!("{}.{}", work.schema.ident(), ident(table));
        let make = format!(
            "SELECT pg_catalog.create_reference_table({})",
            literal(&table)
        );
        script.step(
            "turn a table that tenants refer to into a reference table",
            &make,
        );
    }
    script.commit();
    let done = run_script(work, &script).await.map(|()| lacking);
    finish(work, done).await
}

/// The query for the tables among them that exist and are no reference tables. The tables of this
/// library stay where they are, because each tenant's transaction reads and writes them.
fn lacking(work: Work<'_>, tables: &[String]) -> String {
    let tables = tables.iter().map(|table| literal(table));
    let ours = work.registry.lists().map(literal);
    format!(
        "SELECT c.relname FROM pg_catalog.pg_class c \
         WHERE c.relnamespace = {}::pg_catalog.regnamespace AND c.relkind IN ('r', 'p') \
         AND c.relname = ANY (ARRAY[{}]::text[]) \
         AND c.oid <> ALL (ARRAY(SELECT pg_catalog.to_regclass(name)::oid \
             FROM pg_catalog.unnest(ARRAY[{}]) name WHERE pg_catalog.to_regclass(name) IS NOT NULL)) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_partition p \
             WHERE p.logicalrelid = c.oid AND p.repmodel = 't') \
         ORDER BY c.relname",
        literal(&work.schema.ident()),
        tables.collect::<Vec<_>>().join(", "),
        ours.join(", ")
    )
}
