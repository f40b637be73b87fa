//! Rows of a tenant with its own name in them, where a function may run them as SQL: in a
//! copy such a function would work on the original.

use sql_text::{ident, literal};

use super::name_in_text::{SIGNATURE, in_pattern};
use super::script::Script;
use super::seeds::tables;
use super::send::ask;
use super::work::Work;
use crate::Error;
use crate::name::Schema;
use crate::shape::Expectation;

/// Whether a copy may have rows with the original's name beside dynamic SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameInRows {
    /// It may: somebody knows that nothing is done with the name.
    Allow,
    /// Then there is no copy.
    Refuse,
}

/// What a function's text has in it if it can do something with a name that it reads: SQL
/// that is put together, or another way from a text to an object.
const DYNAMIC: &str = r"\y(execute|(query|cursor|table|schema)_to_xml\w*|dblink\w*)\y|\y(nextval|setval)\s*\(\s*[^'[:space:]]|\yset_config\s*\(\s*'search_path'";

/// Refuses to copy the rows of the schema of `work` if migrations have written its name into
/// them and the schema has a function or a trigger with dynamic SQL. Which rows such a
/// function reads cannot be known. All tables are looked at where it is not known what the
/// migrations write.
///
/// # Errors
///
/// [`Error::NameInText`], or what the server says.
pub(super) async fn refuse_rows_that_lead_back(
    work: Work<'_>,
    expected: Option<&Expectation>,
) -> Result<(), Error> {
    let Schema::Tenant(original) = work.schema else {
        return Ok(());
    };
    let functions = firsts(work, "looking for dynamic SQL", [dynamic(work.schema)]).await?;
    if functions.is_empty() {
        return Ok(());
    }
    let tables = match expected {
        Some(expected) => expected.seeded().map(str::to_owned).collect(),
        None => firsts(work, "listing the tables", [tables(work)]).await?,
    };
    let questions = tables.iter().map(|table| question(work.schema, table));
    let rows = firsts(work, "looking for the tenant's name in rows", questions).await?;
    if rows.is_empty() {
        return Ok(());
    }
    Err(Error::NameInText {
        name: original.name.clone(),
        places: functions,
        rows,
    })
}

/// The first columns of what the queries give.
async fn firsts(
    work: Work<'_>,
    action: &'static str,
    queries: impl IntoIterator<Item = String>,
) -> Result<Vec<String>, Error> {
    let mut script = Script::default();
    for query in queries {
        script.step(action, &query);
    }
    let rows = ask(work, &script).await?;
    let texts = rows.iter().filter_map(|row| row.get(0));
    Ok(texts.map(str::to_owned).collect())
}

/// The query for the functions of the schema, and those that its triggers call, that can do
/// something with a text. Of one in another language nothing is known.
fn dynamic(schema: Schema<'_>) -> String {
    let (schema, pattern) = (literal(schema.schema_name()), literal(DYNAMIC));
    format!(
        "SELECT {SIGNATURE} FROM pg_catalog.pg_proc p \
         JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
         WHERE l.lanname NOT IN ('internal', 'c') \
         AND (n.nspname = {schema} OR EXISTS (SELECT FROM pg_catalog.pg_trigger t \
             JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
             JOIN pg_catalog.pg_namespace m ON m.oid = c.relnamespace \
             WHERE m.nspname = {schema} AND t.tgfoid = p.oid)) \
         AND (l.lanname NOT IN ('sql', 'plpgsql') OR CASE WHEN p.prokind <> 'a' \
             THEN pg_catalog.pg_get_functiondef(p.oid) END OPERATOR(pg_catalog.~*) {pattern}) \
         ORDER BY 1"
    )
}

fn question(schema: Schema<'_>, table: &str) -> String {
    let word = format!(r"\y{}\y", in_pattern(schema.schema_name()));
    format!(
        "SELECT {} WHERE EXISTS (SELECT FROM ONLY {}.{} r \
         WHERE (r.*)::pg_catalog.text OPERATOR(pg_catalog.~*) {})",
        literal(table),
        schema.ident(),
        ident(table),
        literal(&word)
    )
}
