//! Rows of a tenant with its own name in them, where a function may run them as SQL: in a
//! copy such a function would work on the original.
//!
//! Migrations may have written the name, or an application: all rows are searched, once,
//! where there is such a function.

use sql_text::{ident, literal};

use super::dynamic_sql::functions_with_dynamic_sql;
use super::name_in_text::in_pattern;
use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::Error;
use crate::name::{MIGRATION_HISTORY, Schema, Target};
use crate::shape::Encoded;

/// Whether a copy may have rows with the original's name beside dynamic SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameInRows {
    /// It may: the caller knows that no function uses the name.
    Allow,
    /// It may not: such a row prevents the copy.
    Refuse,
}

/// Refuses to copy the rows of the schema of `work` if its name is in one of them, as it is
/// or in a usual encoding, and something in the schema calls a function with dynamic SQL.
/// Which rows such a function reads cannot be known.
///
/// # Errors
///
/// [`Error::NameInText`], or a server error.
pub(super) async fn refuse_rows_that_lead_back(work: Work<'_>) -> Result<(), Error> {
    let Schema::Tenant(original) = work.schema else {
        return Ok(());
    };
    let query = functions_with_dynamic_sql(work.schema);
    let functions = firsts(work, "look for dynamic SQL", &[query]).await?;
    if functions.is_empty() {
        return Ok(());
    }
    let mut script = Script::default();
    script.step("list the columns with texts", &columns(work));
    let tables = ask(work, &script).await?;
    let sought = Sought::of(original);
    let questions = tables.iter().filter_map(|row| {
        let (table, columns) = (row.get(0)?, row.get(1)?);
        Some(sought.question(work.schema, table, columns))
    });
    let questions = questions.collect::<Vec<_>>();
    let rows = firsts(work, "look for the tenant's name in rows", &questions).await?;
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
    queries: &[String],
) -> Result<Vec<String>, Error> {
    let mut script = Script::default();
    for query in queries {
        script.step(action, query);
    }
    let rows = ask(work, &script).await?;
    let texts = rows.iter().filter_map(|row| row.get(0));
    Ok(texts.map(str::to_owned).collect())
}

/// The query for the tables with rows, and the columns of each in which a text can be: not
/// numbers, moments and the like.
fn columns(work: Work<'_>) -> String {
    format!(
        "SELECT c.relname, pg_catalog.string_agg('r.' || pg_catalog.quote_ident(a.attname), ', ' \
             ORDER BY a.attnum) \
         FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
              AND NOT a.attisdropped \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         WHERE n.nspname = {} AND c.relkind = 'r' AND c.relname <> {} AND {} \
         AND t.typcategory NOT IN ('B', 'N', 'D', 'T', 'G', 'I', 'V') \
         GROUP BY c.relname ORDER BY c.relname",
        literal(work.schema.schema_name()),
        literal(MIGRATION_HISTORY),
        work.database.catalog().no_shard("c")
    )
}

/// What is looked for in rows.
struct Sought {
    names: Vec<String>,
    encoded: Encoded,
}

impl Sought {
    fn of(tenant: &Target) -> Self {
        let mut names = vec![tenant.schema.to_string(), tenant.name.to_string()];
        names.dedup();
        let encoded = Encoded::of(names.iter().map(String::as_str));
        Self { names, encoded }
    }

    /// The query that names the table if such a row is in it. A text is found faster than a
    /// pattern, so that patterns are tried only on what has the text.
    fn question(&self, schema: Schema<'_>, table: &str, columns: &str) -> String {
        let has =
            |text: &str, value: &str| format!("pg_catalog.strpos({value}, {}) > 0", literal(text));
        let is_word = |word: &str| {
            let pattern = literal(&format!(r"\y{}\y", in_pattern(word)));
            let has = has(word, "l.lower");
            format!("{has} AND l.lower OPERATOR(pg_catalog.~) {pattern}")
        };
        let names = self.names.iter().map(|name| is_word(&name.to_lowercase()));
        let words = self.encoded.words.iter().map(|word| is_word(word));
        let digits = self.encoded.digits.iter().map(|it| has(it, "l.lower"));
        let exact = self.encoded.exact.iter().map(|it| has(it, "l.text"));
        let any = names.chain(words).chain(digits).chain(exact);
        format!(
            "SELECT {} WHERE EXISTS (SELECT FROM ONLY {}.{} r CROSS JOIN LATERAL (SELECT v.text, \
                 pg_catalog.lower(v.text) FROM (SELECT ROW({columns})::pg_catalog.text) v (text) \
                 OFFSET 0) l (text, lower) WHERE {})",
            literal(table),
            schema.ident(),
            ident(table),
            any.collect::<Vec<_>>().join(" OR ")
        )
    }
}
