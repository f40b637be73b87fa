//! The library's tables, as a database has them after its migrations.

use super::page::{Cell, Page, code, known};
use crate::support::Project;

/// A block, and the table whose columns it has.
const TABLES: [(&str, &str); 4] = [
    ("schema-tracker", "public.schema_tracker"),
    ("spare-schemas", "public.spare_schemas"),
    ("expected-shapes", "public.expected_shapes"),
    ("history", "public.__diesel_schema_migrations"),
];

/// The columns with what PostgreSQL says of them.
const COLUMNS: &str = "SELECT attname::text || '|' || format_type(atttypid, atttypmod) || '|' || \
     attnotnull::text || '|' || coalesce(pg_get_expr(adbin, adrelid), '') || '|' || \
     coalesce((SELECT min(contype::text) FROM pg_constraint \
     WHERE conrelid = attrelid AND conkey = ARRAY[attnum] AND contype IN ('p', 'u')), '') \
     FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
     WHERE attnum > 0 AND NOT attisdropped AND attrelid = $1::text::regclass ORDER BY attnum";

#[tokio::test]
async fn the_page_of_tables_has_every_column() {
    let project = Project::set_up().await;
    let mut page = Page::read("tables");
    for (block, table) in TABLES {
        let columns = project
            .column(&COLUMNS.replace("$1", &format!("'{table}'")))
            .await;
        assert!(!columns.is_empty(), "{table}");
        let rows = columns.iter().map(|column| row(column)).collect::<Vec<_>>();
        page = page.with_table(block, &rows);
    }
    page.is_as_the_code_says();
}

/// A column's name and type, and what is written about it.
fn row(column: &str) -> Vec<Cell> {
    let parts = column.split('|').collect::<Vec<_>>();
    let [name, kind, is_required, default, key] = parts[..] else {
        panic!("{column}");
    };
    let kind = match kind {
        "timestamp with time zone" => "timestamptz".to_owned(),
        "timestamp without time zone" => "timestamp".to_owned(),
        kind => kind.replace("character varying", "varchar"),
    };
    let mut words = vec![format!("`{kind}`")];
    words.extend(
        match (key, is_required) {
            ("p", _) => Some("primary key"),
            (_, "true") => Some("not null"),
            _ => Some("null"),
        }
        .map(str::to_owned),
    );
    words.extend((key == "u").then(|| "unique".to_owned()));
    let default = default
        .split("::")
        .next()
        .unwrap_or_default()
        .trim_matches('\'');
    words.extend((!default.is_empty()).then(|| format!("default `{default}`")));
    vec![code(name), known(words.join(", ")), Cell::ByHand]
}
