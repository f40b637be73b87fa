//! Proves that a schema has what the file says, before the commit.

use sql_text::literal;
use tenant_archive::{Digest, Table, TableSummary};

use super::copy_out::copy_out;
use super::statements::texts;
use crate::Error;
use crate::engine::script::Script;
use crate::engine::send::ask;
use crate::engine::work::Work;

/// Reads all tables again. Gives back in words which of them differ from what the file says.
pub(super) async fn differing(
    work: Work<'_>,
    tables: &[Table],
    expected: &[TableSummary],
) -> Result<Vec<String>, Error> {
    let mut differences = Vec::new();
    for (table, expected) in tables.iter().zip(expected) {
        let mut digest = Digest::default();
        let take = |rows: bytes::Bytes| {
            digest.add(&rows);
            std::future::ready(Ok(()))
        };
        copy_out(work, table, take).await?;
        let found = digest.finish();
        if found.rows != expected.rows {
            let (here, there) = (found.rows, expected.rows);
            differences.push(format!(
                "table `{}` has {here} rows, not {there}",
                table.name
            ));
        } else if found != *expected {
            differences.push(format!("the rows of table `{}` differ", table.name));
        }
    }
    Ok(differences)
}

/// The foreign keys to other schemas, as questions for rows that do not exist.
pub(super) struct References(Vec<String>);

/// Finds them. While rows come in, the keys are not there.
pub(super) async fn references(work: Work<'_>) -> Result<References, Error> {
    let questions = texts(work, "list the foreign keys to other schemas", &keys(work)).await?;
    let questions = questions.into_iter().map(|[question, _]| question);
    Ok(References(questions.collect()))
}

/// The foreign keys to other schemas whose rows do not exist, each with some of the values.
pub(super) async fn missing(work: Work<'_>, references: &References) -> Result<Vec<String>, Error> {
    let mut script = Script::default();
    for question in &references.0 {
        script.step("look for missing rows of other schemas", question);
    }
    let rows = ask(work, &script).await?;
    let missing = rows.iter().filter_map(|row| row.get(0));
    Ok(missing.map(str::to_owned).collect())
}

/// The query for one query by key. A key with a null in it refers to nothing.
fn keys(work: Work<'_>) -> String {
    format!(
        "SELECT pg_catalog.format('SELECT %L || pg_catalog.string_agg(v, '', '') FROM ( \
                 SELECT DISTINCT pg_catalog.concat(''('', pg_catalog.concat_ws('', '', %s), '')'') v FROM %I.%I t \
                 WHERE %s AND NOT EXISTS (SELECT FROM %I.%I r WHERE %s) ORDER BY 1 LIMIT 5) m \
                 HAVING count(*) > 0', \
             pg_catalog.format('table `%s`: no row of `%s.%s` for ', c.relname, m.nspname, \
                 o.relname), \
             p.values, n.nspname, c.relname, p.present, m.nspname, o.relname, p.same), '' \
         FROM pg_catalog.pg_constraint k \
         JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_class o ON o.oid = k.confrelid \
         JOIN pg_catalog.pg_namespace m ON m.oid = o.relnamespace \
         CROSS JOIN LATERAL (SELECT \
                 pg_catalog.string_agg(pg_catalog.format('t.%I', a.attname), ', ' ORDER BY u.at), \
                 pg_catalog.string_agg(pg_catalog.format('t.%I IS NOT NULL', a.attname), ' AND '), \
                 pg_catalog.string_agg(pg_catalog.format('r.%I = t.%I', b.attname, a.attname), \
                     ' AND ') \
             FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) \
                  WITH ORDINALITY u (own, other, at) \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.own \
             JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.other) \
             p (values, present, same) \
         WHERE n.nspname = {} AND k.contype = 'f' AND m.oid <> n.oid AND k.conparentid = 0 \
         AND k.convalidated ORDER BY k.oid",
        literal(work.schema.schema_name())
    )
}
