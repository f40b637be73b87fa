//! What loses something if a schema is dropped, although it stays.

use sql_text::literal;

use super::name_in_text::{SIGNATURE, functions_naming, named_elsewhere, paths_naming, read_left};
use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::Error;
use crate::catalog::Affected;
use crate::name::Schema;

/// What stays, and loses tables or names what is gone, if the schema of `work` is dropped.
///
/// # Errors
///
/// A server error.
pub(crate) async fn affected(work: Work<'_>) -> Result<Vec<Affected>, Error> {
    let schema = work.schema;
    let mut script = Script::default();
    let action = "look for uses of the schema's name";
    for query in [
        replicating(schema),
        event_triggers(schema),
        functions(schema),
    ] {
        script.step(action, &query);
    }
    let rows = ask(work, &script).await?;
    let mut affected = rows.iter().filter_map(Affected::read).collect::<Vec<_>>();
    let mut script = Script::default();
    for query in paths_naming(schema) {
        script.step(action, &query);
    }
    let rows = ask(work, &script).await?;
    let paths = read_left(&rows, schema, schema).paths.into_iter();
    affected.extend(paths.map(|path| Affected {
        kind: "search_path".to_owned(),
        name: path.of,
    }));
    Ok(affected)
}

/// Publications and subscriptions with tables of the schema, or with the schema itself.
fn replicating(schema: Schema<'_>) -> String {
    let schema = literal(schema.schema_name());
    format!(
        "SELECT 'publication', p.pubname::text FROM pg_catalog.pg_publication p \
         WHERE EXISTS (SELECT FROM pg_catalog.pg_publication_rel r \
             JOIN pg_catalog.pg_class c ON c.oid = r.prrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE r.prpubid = p.oid AND n.nspname = {schema}) \
         OR EXISTS (SELECT FROM pg_catalog.pg_depend o \
             JOIN pg_catalog.pg_depend d ON d.classid = o.classid AND d.objid = o.objid \
                  AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
             JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid \
             WHERE o.refclassid = 'pg_catalog.pg_publication'::pg_catalog.regclass \
             AND o.refobjid = p.oid AND n.nspname = {schema}) \
         UNION ALL \
         SELECT 'subscription', s.subname::text FROM pg_catalog.pg_subscription s \
         WHERE EXISTS (SELECT FROM pg_catalog.pg_subscription_rel r \
             JOIN pg_catalog.pg_class c ON c.oid = r.srrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE r.srsubid = s.oid AND n.nspname = {schema}) ORDER BY 1, 2"
    )
}

fn event_triggers(schema: Schema<'_>) -> String {
    format!(
        "SELECT 'event trigger', e.evtname::text FROM pg_catalog.pg_event_trigger e \
         WHERE e.evtfoid IN (SELECT f.oid FROM ({}) f) ORDER BY 1, 2",
        functions_naming(schema, "p.oid", &named_elsewhere())
    )
}

fn functions(schema: Schema<'_>) -> String {
    let signature = format!("{SIGNATURE} AS signature");
    format!(
        "SELECT 'function', f.signature FROM ({}) f ORDER BY 1, 2",
        functions_naming(schema, &signature, &named_elsewhere())
    )
}
