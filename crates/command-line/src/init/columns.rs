//! Tables of an application that list its tenants: a column holds the names of their
//! schemas, or what these are made of.

use sql_text::ident;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::template::Template;

/// How many columns are looked at.
const MOST_COLUMNS: usize = 200;

/// How many values of a column are looked at.
const MOST_VALUES: usize = 20_000;

/// The columns of texts that can be read, outside the tenants' schemas; unique ones first.
const COLUMNS: &str = "WITH n AS MATERIALIZED (SELECT oid, nspname FROM pg_catalog.pg_namespace \
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ALL ($1)) \
    SELECT n.nspname, c.relname, a.attname, \
    EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique \
    AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND i.indpred IS NULL), \
    coalesce((SELECT d.attname FROM pg_catalog.pg_attribute d WHERE d.attrelid = c.oid \
    AND d.attname IN ('deleted_at', 'archived_at', 'removed_at') AND NOT d.attisdropped \
    ORDER BY d.attname DESC LIMIT 1)::text, '') \
    FROM pg_catalog.pg_attribute a \
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
    JOIN n ON n.oid = c.relnamespace \
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition \
    AND a.attnum > 0 AND NOT a.attisdropped \
    AND t.typname IN ('text', 'varchar', 'bpchar', 'name', 'citext') \
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') \
    AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') \
    ORDER BY 4 DESC, (n.nspname = 'public') DESC, 1, 2, a.attnum LIMIT $2";

/// A column that lists tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListColumn {
    /// The schema of the table, as PostgreSQL stores it.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// What makes the name of a schema of a value.
    pub(super) template: Template,
    /// How many tenants have a value in it.
    pub matching: usize,
    /// How many different values it has that are no tenant's.
    pub others: usize,
    /// A column that says when a row was deleted.
    pub deleted: Option<String>,
    /// Whether no two rows have the same value.
    pub is_unique: bool,
}

/// The columns with a value for at least half of the tenants with these schemas, the
/// likeliest first.
pub(super) async fn lists(
    client: &Client,
    tenants: &[String],
) -> Result<Vec<ListColumn>, tokio_postgres::Error> {
    let most = i64::try_from(MOST_COLUMNS).unwrap_or(i64::MAX);
    let parameters = [(&tenants as _, Type::TEXT_ARRAY), (&most as _, Type::INT8)];
    let rows = client.query_typed(COLUMNS, &parameters).await?;
    let templates = Template::candidates(tenants);
    let mut lists = Vec::new();
    for row in &rows {
        let column = ListColumn {
            schema: row.try_get(0)?,
            table: row.try_get(1)?,
            column: row.try_get(2)?,
            is_unique: row.try_get(3)?,
            deleted: Some(row.try_get(4)?).filter(|name: &String| !name.is_empty()),
            template: Template::default(),
            matching: 0,
            others: 0,
        };
        let counted = counted(client, column, &templates, tenants).await?;
        lists.extend(counted.filter(|list| list.matching * 2 >= tenants.len()));
    }
    // Unique before others, in the order that they came.
    lists.sort_by_key(|list| (std::cmp::Reverse(list.matching), !list.is_unique));
    Ok(lists)
}

/// The column with the template that fits most tenants; `None` if it cannot be read in
/// time, or fits none.
async fn counted(
    client: &Client,
    column: ListColumn,
    templates: &[Template],
    tenants: &[String],
) -> Result<Option<ListColumn>, tokio_postgres::Error> {
    let sql = format!(
        "WITH v AS (SELECT {column}::text AS v, bool_and({gone}) AS gone \
         FROM {schema}.{table} WHERE {column} IS NOT NULL GROUP BY 1 LIMIT {MOST_VALUES}), \
         m AS (SELECT t.i, v.gone, t.p || v.v || t.s = ANY ($3) AS is_one FROM v CROSS JOIN ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) \
         WITH ORDINALITY AS t (p, s, i)) \
         SELECT i, count(*) FILTER (WHERE is_one), count(*), \
         count(*) FILTER (WHERE is_one AND gone) \
         FROM m GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1",
        column = ident(&column.column),
        schema = ident(&column.schema),
        table = ident(&column.table),
        gone = column.deleted.as_ref().map_or_else(
            || "false".to_owned(),
            |deleted| format!("{} IS NOT NULL", ident(deleted))
        ),
    );
    let prefixes = templates.iter().map(|template| template.prefix.as_str());
    let prefixes = prefixes.collect::<Vec<_>>();
    let suffixes = templates.iter().map(|template| template.suffix.as_str());
    let suffixes = suffixes.collect::<Vec<_>>();
    let parameters = [
        (&prefixes as _, Type::TEXT_ARRAY),
        (&suffixes as _, Type::TEXT_ARRAY),
        (&tenants as _, Type::TEXT_ARRAY),
    ];
    client.batch_execute("SAVEPOINT one_column").await?;
    let row = match client.query_typed_opt(&sql, &parameters).await {
        Ok(row) => row,
        // Locked, too slow, or not ours to see: it is no list then.
        Err(_) => {
            client.batch_execute("ROLLBACK TO one_column").await?;
            None
        }
    };
    let Some(row) = row else { return Ok(None) };
    let at = usize::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default();
    let count = |index| Ok(usize::try_from(row.try_get::<_, i64>(index)?).unwrap_or_default());
    let (matching, all, gone): (usize, usize, usize) = (count(1)?, count(2)?, count(3)?);
    let template = templates.get(at.saturating_sub(1)).cloned();
    Ok(Some(ListColumn {
        template: template.unwrap_or_default(),
        matching,
        others: all.saturating_sub(matching),
        // A deleted row whose schema is still there is a tenant all the same.
        deleted: column.deleted.clone().filter(|_| gone == 0),
        ..column
    }))
}
