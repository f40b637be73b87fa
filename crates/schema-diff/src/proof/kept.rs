//! Whether rows are still there, with their values.

use std::collections::BTreeMap;

use sql_text::ident;
use tokio_postgres::{Client, Error, Row};

/// How many rows a table may have whose values are read: migrations fill in more.
const MOST: i64 = 10_000;

/// The rows of a schema: of each table how many, and of each column the values.
pub(super) struct Kept {
    /// By the table's number and name.
    tables: BTreeMap<(u32, String), i64>,
    /// By table, number and kind of the column: its name, and what its values come to.
    columns: BTreeMap<(u32, i16, String), (String, Option<String>)>,
}

impl Kept {
    /// Reads the schema called `schema`.
    pub(super) async fn read(client: &Client, schema: &str) -> Result<Self, Error> {
        let mut kept = Self {
            tables: BTreeMap::new(),
            columns: BTreeMap::new(),
        };
        for row in client.query(COLUMNS, &[&schema]).await? {
            let (table, name): (u32, String) = (row.get(0), row.get(1));
            let from = ident(&name);
            let count = format!("SELECT pg_catalog.count(*) FROM {from}");
            let count: i64 = client.query_one(&count, &[]).await?.get(0);
            kept.tables.insert((table, name), count);
            if count <= MOST {
                kept.read_values(client, table, &from, &row).await?;
            }
        }
        Ok(kept)
    }

    async fn read_values(
        &mut self,
        client: &Client,
        table: u32,
        from: &str,
        row: &Row,
    ) -> Result<(), Error> {
        let columns: Vec<String> = row.get(2);
        let (numbers, types): (Vec<i16>, Vec<String>) = (row.get(3), row.get(4));
        let sums = columns.iter().map(|column| {
            let text = format!("{}::text", ident(column));
            format!("pg_catalog.md5(pg_catalog.string_agg({text}, '|' ORDER BY {text}))")
        });
        let sums = sums.collect::<Vec<_>>().join(", ");
        let question = format!("SELECT {sums} FROM {from}");
        let answer = client.query_one(&question, &[]).await?;
        let of_columns = columns.into_iter().zip(numbers).zip(types).enumerate();
        for (index, ((column, number), ty)) in of_columns {
            let sum: Option<String> = answer.get(index);
            self.columns.insert((table, number, ty), (column, sum));
        }
        Ok(())
    }

    /// The tables that have fewer rows `after`, one line each. One that was dropped in
    /// between is another table.
    pub(super) fn lost(&self, after: &Self) -> Vec<String> {
        let pairs = self.tables.iter().filter_map(|((number, name), rows)| {
            let mut others = after.tables.iter();
            let (_, left) = others.find(|((other, _), _)| other == number)?;
            (left < rows).then(|| format!("`{name}` has {left} of its {rows} rows"))
        });
        pairs.collect()
    }

    /// The columns whose values differ `after`, though neither in between nor then they
    /// have another type or take other NULLs.
    pub(super) fn changed(&self, between: &Self, after: &Self) -> Vec<String> {
        let columns = self.columns.iter();
        let columns = columns.filter(|(key, _)| between.columns.contains_key(*key));
        let changed = columns.filter_map(|(key, (name, sum))| {
            let (_, other) = after.columns.get(key)?;
            let mut tables = self.tables.keys();
            let (_, table) = tables.find(|(number, _)| *number == key.0)?;
            (other != sum).then(|| format!("`{name}` of `{table}`"))
        });
        changed.collect()
    }
}

const COLUMNS: &str = "
SELECT c.oid, c.relname::text,
       pg_catalog.array_agg(a.attname::text ORDER BY a.attnum),
       pg_catalog.array_agg(a.attnum ORDER BY a.attnum),
       pg_catalog.array_agg(pg_catalog.format('%s %s', pg_catalog.format_type(a.atttypid, a.atttypmod),
                                              a.attnotnull) ORDER BY a.attnum)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
GROUP BY c.oid, c.relname";
