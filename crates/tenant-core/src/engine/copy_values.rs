//! How the values of a tenant's columns are read, so that they mean the same in a copy.
//!
//! A type of the schema itself is another one in the copy: its values go through text.
//! So do references to objects (`regclass` and the like), in which the schema's name is
//! replaced: a value that points into the original would let the copy write there.

use sql_text::{ident, literal};
use tokio_postgres::SimpleQueryRow;

use super::name_in_text::in_pattern;
use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::catalog::Catalog;
use crate::name::{MIGRATION_HISTORY, Schema};
use crate::{Error, TenantName};

/// The types whose values are objects, and are written as names.
const REFERENCES: &str = "'regclass', 'regtype', 'regproc', 'regprocedure', 'regoper', \
    'regoperator', 'regconfig', 'regdictionary', 'regcollation', 'regnamespace'";

/// Each type of a column of the schema `n`, with those that it is made of, and whether it
/// is nothing but that: a domain or an array is, a composite type is not.
pub(super) fn made_of(from: Schema<'_>) -> String {
    format!(
        "made_of (root, oid, is_whole, is_list) AS ( \
             SELECT DISTINCT a.atttypid, a.atttypid, true, false \
             FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
                  AND NOT a.attisdropped \
             WHERE n.nspname = {} AND c.relkind IN ('r', 'p') \
             UNION \
             SELECT m.root, part.oid, m.is_whole AND part.is_whole, m.is_list OR part.is_list \
             FROM made_of m JOIN pg_catalog.pg_type t ON t.oid = m.oid CROSS JOIN LATERAL ( \
                 SELECT t.typbasetype, true, false WHERE t.typtype = 'd' \
                 UNION ALL SELECT t.typelem, true, true \
                     WHERE t.typelem <> 0 AND t.typcategory = 'A' \
                 UNION ALL SELECT a.atttypid, false, false FROM pg_catalog.pg_attribute a \
                     WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 \
                     AND NOT a.attisdropped \
                 UNION ALL SELECT r.rngsubtype, false, false FROM pg_catalog.pg_range r \
                     WHERE r.rngtypid = t.oid OR r.rngmultitypid = t.oid) \
                 part (oid, is_whole, is_list))",
        literal(from.schema_name())
    )
}

/// Which of these types refer to objects, and whether their values can follow.
///
/// In a list a name that needs quotes is written with more of them, so that it cannot be
/// replaced there.
fn refers(from: Schema<'_>, to: Schema<'_>) -> String {
    let is_plain = |schema: Schema<'_>| {
        let name = literal(schema.schema_name());
        format!("pg_catalog.quote_ident({name}) = {name}")
    };
    format!(
        "refers AS (SELECT m.root, bool_and(m.is_whole) AND (NOT bool_or(m.is_list) OR {}) AS follows, \
                 min('pg_catalog.' || t.typname) \
                     || CASE WHEN bool_or(m.is_list) THEN '[]' ELSE '' END AS written \
             FROM made_of m JOIN pg_catalog.pg_type t ON t.oid = m.oid \
             WHERE t.typname IN ({REFERENCES}) \
             AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace GROUP BY m.root)",
        format_args!("{} AND {}", is_plain(from), is_plain(to)),
    )
}

/// The query for the columns that hold values, by table: the table's name, whether to
/// read it without those that inherit from it, the column, how it is read, and whether
/// values in it may refer to the original all the same; whether it has references that
/// follow. A table without such columns has
/// one row with nulls.
pub(super) fn columns(from: Schema<'_>, to: Schema<'_>, catalog: Catalog) -> String {
    format!(
        "WITH RECURSIVE {}, {} \
         SELECT c.relname, c.relkind = 'r', pg_catalog.quote_ident(a.attname), \
             CASE WHEN f.follows THEN pg_catalog.format( \
                     'CASE WHEN %1$I::text ~ %2$L \
                      THEN pg_catalog.regexp_replace(%1$I::text, %2$L, %3$L, ''g'')::%4$s \
                      ELSE %1$I::%5$s::%4$s END', \
                     a.attname, {}, {}, k.type, f.written) \
                  WHEN t.oid = 'pg_catalog.oid'::pg_catalog.regtype \
                  THEN pg_catalog.format({}, a.attname) \
                  WHEN t.typnamespace = n.oid \
                  THEN pg_catalog.quote_ident(a.attname) || '::text::' || k.type \
                  ELSE pg_catalog.quote_ident(a.attname) END, \
             f.follows IS FALSE, f.follows \
         FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
              AND NOT a.attisdropped AND a.attgenerated = '' \
         LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid \
         CROSS JOIN LATERAL (SELECT CASE WHEN t.typnamespace = n.oid THEN \
                 pg_catalog.format('%s.%I%s', {to_ident}, coalesce(e.typname, t.typname), \
                     CASE WHEN e.oid IS NULL THEN '' ELSE '[]' END) \
             ELSE pg_catalog.format_type(t.oid, NULL) END) k (type) \
         LEFT JOIN refers f ON f.root = a.atttypid \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
         AND c.relname <> {} AND {} ORDER BY c.relname, a.attnum",
        made_of(from),
        refers(from, to),
        reference_to(from),
        replacement(to),
        literal(&following(from, to)),
        literal(from.schema_name()),
        literal(MIGRATION_HISTORY),
        catalog.no_shard("c"),
        to_ident = literal(&to.ident()),
    )
}

/// An expression for the regular expression that finds the schema's name in a reference:
/// before the name of one of its objects. Alone it is the schema only where schemas are
/// referred to: there may be a text search configuration of the same name.
fn reference_to(schema: Schema<'_>) -> String {
    let name = in_pattern(schema.schema_name());
    let before = r#"(^|[^[:alnum:]_$."])"#;
    format!(
        "CASE f.written WHEN 'pg_catalog.regnamespace' THEN {} \
              WHEN 'pg_catalog.regnamespace[]' THEN {} ELSE {} END",
        literal(&format!(r#"{before}"?{name}"?($)"#)),
        literal(&format!(r"{before}{name}($|(?=[,}}]))")),
        literal(&format!(r#"{before}"?{name}"?(\.)"#)),
    )
}

/// An expression: what takes the place of that.
fn replacement(to: Schema<'_>) -> String {
    let name = to.schema_name().replace('\\', r"\\");
    format!(
        r"'\1' || pg_catalog.quote_ident({}) || '\2'",
        literal(&name)
    )
}

/// A subquery: the number `number` of a relation of `from`, and the one `copied` of the
/// relation of `to` with the same name.
pub(super) fn copied_relations(from: Schema<'_>, to: Schema<'_>) -> String {
    format!(
        "SELECT o.oid AS number, w.oid AS copied FROM pg_catalog.pg_class o \
         JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace \
         JOIN pg_catalog.pg_class w ON w.relname = o.relname \
         JOIN pg_catalog.pg_namespace m ON m.oid = w.relnamespace \
         WHERE n.nspname = {} AND m.nspname = {}",
        literal(from.schema_name()),
        literal(to.schema_name())
    )
}

/// A format for the expression with which a column of numbers is read: a relation's becomes
/// that of the relation in the copy.
fn following(from: Schema<'_>, to: Schema<'_>) -> String {
    format!(
        "coalesce((SELECT x.copied FROM ({}) x WHERE x.number = %1$I), %1$I)",
        copied_relations(from, to).replace('%', "%%")
    )
}

/// Refuses values that refer to the original and cannot follow: those within a composite
/// type, or in a list where one of the names is written in quotes.
///
/// # Errors
///
/// [`Error::NotCopyable`], or a server error.
pub(super) async fn refuse_hidden_references(
    work: Work<'_>,
    from: Schema<'_>,
    columns: &[SimpleQueryRow],
) -> Result<(), Error> {
    let Schema::Tenant(original) = from else {
        return Ok(());
    };
    let hidden = columns.iter().filter(|row| row.get(4) == Some("t"));
    let queries = hidden.filter_map(|row| any_reference(from, row));
    let mut script = Script::default();
    for query in queries {
        script.step("look for references to the original", &query);
    }
    refuse_what_is_found(work, &original.name, &script).await
}

/// Refuses the copy of the tenant `name` if `script` finds something: each row says what.
pub(super) async fn refuse_what_is_found(
    work: Work<'_>,
    name: &TenantName,
    script: &Script<'_>,
) -> Result<(), Error> {
    let rows = ask(work, script).await?;
    let objects = rows.iter().filter_map(|row| row.get(0).map(str::to_owned));
    let objects = objects.collect::<Vec<_>>();
    if objects.is_empty() {
        return Ok(());
    }
    Err(Error::NotCopyable {
        name: name.clone(),
        objects,
    })
}

/// Why the rows of `table` could not be copied: a value can name what a copy gets only after
/// its rows, such as a view.
pub(super) fn of_references(
    error: Error,
    from: Schema<'_>,
    table: &str,
    columns: &[SimpleQueryRow],
) -> Error {
    let following = columns
        .iter()
        .filter(|row| row.get(0) == Some(table) && row.get(5) == Some("t"));
    let following = following.filter_map(|row| row.get(2));
    let following = following.map(|column| format!("{table}.{column}"));
    let following = following.collect::<Vec<_>>().join(" or ");
    let is_unknown = matches!(error.sqlstate(), Some("42P01" | "42883" | "42704"));
    match (&error, from) {
        (Error::Database { source, .. }, Schema::Tenant(original))
            if is_unknown && !following.is_empty() =>
        {
            Error::NotCopyable {
                name: original.name.clone(),
                objects: vec![format!(
                    "a value of {following} that names an object created after the rows, such as \
                     a view: {source}"
                )],
            }
        }
        _ => error,
    }
}

/// The query that names the column if values of it refer to the schema.
fn any_reference(from: Schema<'_>, row: &SimpleQueryRow) -> Option<String> {
    let (table, column) = (row.get(0)?, row.get(2)?);
    let only = if row.get(1)? == "t" { "ONLY " } else { "" };
    let name = in_pattern(from.schema_name());
    let pattern = format!(r#"(^|[^[:alnum:]_$.]){name}[\\"]*(\.|$|[,)}}])"#);
    let told = format!("values of column {table}.{column} that name its objects");
    Some(format!(
        "SELECT {} WHERE EXISTS (SELECT FROM {only}{}.{} WHERE {column}::text ~ {})",
        literal(&told),
        from.ident(),
        ident(table),
        literal(&pattern)
    ))
}
