//! Removes what would change or refuse rows that come in, and puts it back.
//!
//! Rows come in as they were. So no trigger fires, no policy hides anything, and foreign keys are
//! checked once, over all rows. What is `NOT VALID` is not checked at all, as in the original.

use sql_text::literal;

use super::statements::texts;
use crate::Error;
use crate::engine::any_order::run_in_any_order;
use crate::engine::script::Script;
use crate::engine::send::run_script;
use crate::engine::work::Work;
use crate::name::MIGRATION_HISTORY;

/// What puts back what was removed.
pub(super) struct Removed {
    back: Vec<String>,
}

/// Empties all tables, and removes foreign keys, triggers and the like. Rows that migrations
/// have written go as well: the file has those that the tenant kept.
pub(super) async fn remove(work: Work<'_>) -> Result<Removed, Error> {
    let questions = [
        foreign_keys_and_checks(work),
        triggers(work),
        policies(work),
    ];
    let (mut away, mut back) = (Vec::new(), Vec::new());
    for question in questions {
        for [one, other] in texts(work, "list what rows must not meet", &question).await? {
            away.push(one);
            back.push(other);
        }
    }
    for [one, _] in texts(work, "list the tables", &tables(work)).await? {
        away.push(one);
    }
    let mut script = Script::default();
    for statement in away.iter().filter(|it| !it.is_empty()) {
        script.step("prepare the tables for rows", statement);
    }
    run_script(work, &script).await?;
    for [one, _] in texts(work, "list the materialized views", &views(work)).await? {
        back.push(one);
    }
    back.retain(|it| !it.is_empty());
    Ok(Removed { back })
}

/// Puts everything back. A foreign key that the rows violate is an error.
pub(super) async fn put_back(work: Work<'_>, removed: Removed) -> Result<(), Error> {
    run_in_any_order(work, removed.back).await?.require_all()?;
    Ok(())
}

/// A key of a partitioned table takes those of the partitions with it.
fn foreign_keys_and_checks(work: Work<'_>) -> String {
    format!(
        "SELECT pg_catalog.format('ALTER TABLE %I.%I DROP CONSTRAINT %I', n.nspname, c.relname, \
                 k.conname), \
             pg_catalog.format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s%s', n.nspname, c.relname, \
                 k.conname, pg_catalog.pg_get_constraintdef(k.oid), \
                 '; COMMENT ON CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' ON ' \
                     || pg_catalog.format('%I.%I', n.nspname, c.relname) || ' IS ' \
                     || pg_catalog.quote_literal( \
                         pg_catalog.obj_description(k.oid, 'pg_constraint'))) \
         FROM pg_catalog.pg_constraint k \
         JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND k.conparentid = 0 AND k.coninhcount = 0 \
         AND (k.contype = 'f' OR k.contype = 'c' AND NOT k.convalidated) \
         ORDER BY k.oid",
        literal(work.schema.schema_name())
    )
}

/// Each trigger gets back the state that it has. The check is of the table alone: a statement
/// about a partitioned table would reach its partitions.
fn triggers(work: Work<'_>) -> String {
    format!(
        "SELECT pg_catalog.format('ALTER TABLE ONLY %I.%I DISABLE TRIGGER %I', n.nspname, \
                 c.relname, t.tgname), \
             pg_catalog.format('ALTER TABLE ONLY %I.%I ENABLE %s TRIGGER %I', n.nspname, \
                 c.relname, CASE t.tgenabled WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' \
                 ELSE '' END, t.tgname) \
         FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND NOT t.tgisinternal AND t.tgenabled <> 'D' \
         AND c.relkind IN ('r', 'p') ORDER BY t.oid",
        literal(work.schema.schema_name())
    )
}

fn policies(work: Work<'_>) -> String {
    format!(
        "SELECT pg_catalog.format('ALTER TABLE ONLY %I.%I NO FORCE ROW LEVEL SECURITY', \
                 n.nspname, c.relname), \
             pg_catalog.format('ALTER TABLE ONLY %I.%I FORCE ROW LEVEL SECURITY', n.nspname, \
                 c.relname) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND c.relforcerowsecurity \
         ORDER BY c.oid",
        literal(work.schema.schema_name())
    )
}

/// One statement for all: a table that another refers to cannot be emptied alone.
fn tables(work: Work<'_>) -> String {
    format!(
        "SELECT 'TRUNCATE ' || pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, \
             c.relname), ', ' ORDER BY c.oid), '' \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND c.relname <> {} \
         HAVING count(*) > 0",
        literal(work.schema.schema_name()),
        literal(MIGRATION_HISTORY)
    )
}

/// In the order in which they were created: one can be made of another.
fn views(work: Work<'_>) -> String {
    format!(
        "SELECT pg_catalog.format('REFRESH MATERIALIZED VIEW %I.%I', n.nspname, c.relname), '' \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relkind = 'm' AND c.relispopulated ORDER BY c.oid",
        literal(work.schema.schema_name())
    )
}
