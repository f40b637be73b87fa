//! Two tenants side by side: how many rows their tables have, and which rows of
//! one table differ. PostgreSQL compares them, because both are in one database.

use std::time::{Duration, Instant};

use tenant_core::quote_ident;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::catalog::{Column, columns};
use super::cut::{Extent, Source, Storage};
use super::reading::{Parameter, Reading};
use super::relation::{Kind, relations};
use super::text::{some_texts, text};
use crate::error::Failure;

/// How many letters of a value are shown.
const LETTERS: usize = 200;

/// A table that one of two tenants has, or both, and its rows where it was counted.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) table: String,
    /// In the one and in the other.
    pub(crate) rows: [Count; 2],
}

/// How many rows a table has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Count {
    NoTable,
    /// Counting took too long, or was refused: why.
    Unread(String),
    Rows(i64),
}

/// A column that both tables have.
#[derive(Debug)]
struct Shared {
    name: String,
    is_key: bool,
    /// How a value of the one equals a value of the other, where both have the same type
    /// and the same order of letters. An enum of each tenant's own is another type in each.
    equals: Option<String>,
    storage: Storage,
}

/// Rows that differ.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// The names of the columns of the primary key.
    pub(crate) key: Vec<String>,
    /// The names of all columns that both have.
    pub(crate) columns: Vec<String>,
    /// The names of those that only one has.
    pub(crate) left_out: Vec<String>,
    pub(crate) rows: Vec<Difference>,
    /// Whether there are more.
    pub(crate) is_cut: bool,
}

/// A row that differs; what a tenant does not have of it is none.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) key: Vec<Option<String>>,
    pub(crate) sides: [Option<Vec<Option<String>>>; 2],
}

/// The names of the tables of either, sorted.
pub(crate) async fn tables(readings: [&Reading; 2]) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for reading in readings {
        let tables = relations(reading).await?;
        let tables = tables.into_iter().filter(|table| table.kind != Kind::View);
        names.extend(tables.map(|table| table.name));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// Counts the rows of `tables`, for at most `budget` in all.
pub(crate) async fn counts(
    readings: [&Reading; 2],
    tables: Vec<String>,
    budget: Duration,
) -> Result<Vec<Counts>, Failure> {
    let until = Instant::now() + budget;
    let mut all = Vec::new();
    for table in tables {
        let [one, other] = readings;
        let rows = [
            count(one, &table, until).await?,
            count(other, &table, until).await?,
        ];
        all.push(Counts { table, rows });
    }
    Ok(all)
}

async fn count(reading: &Reading, table: &str, until: Instant) -> Result<Count, Failure> {
    let left = until.saturating_duration_since(Instant::now()).as_millis();
    if left == 0 {
        return Ok(Count::Unread("the time limit was reached".to_owned()));
    }
    // A count without the rows that a policy hides would be wrong.
    let limit = format!(
        "SAVEPOINT counting; SET LOCAL statement_timeout = {left}; SET LOCAL row_security = off"
    );
    let limited = reading.transaction().batch_execute(&limit).await;
    limited.map_err(Failure::of("Counting"))?;
    let table = format!("{}.{}", quote_ident(reading.schema()), quote_ident(table));
    let sql = format!("SELECT pg_catalog.count(*) FROM {table}");
    let counted = reading.rows("Counting", &sql, &[]).await;
    let counted = match counted {
        Ok(rows) => {
            let rows = rows.first().map_or(Ok(0), |row| row.try_get(0));
            Count::Rows(rows.map_err(Failure::of("Counting"))?)
        }
        Err(Failure::Query { source, .. }) if source.sqlstate() == Some("42P01") => {
            return back(reading).await.map(|()| Count::NoTable);
        }
        Err(Failure::Query { source, .. }) if source.sqlstate().is_some() => {
            Count::Unread(source.to_string())
        }
        Err(failure) => return Err(failure),
    };
    back(reading).await?;
    Ok(counted)
}

async fn back(reading: &Reading) -> Result<(), Failure> {
    let transaction = reading.transaction();
    let done = transaction.batch_execute("ROLLBACK TO SAVEPOINT counting; RELEASE counting");
    done.await.map_err(Failure::of("Counting"))
}

/// The columns of both tables: their name, whether they are of the primary key in
/// the one and in the other, whether the type is the same, whether both exist, and the
/// table of the one.
const COLUMNS: &str = "SELECT coalesce(one.name, other.name), \
        coalesce(one.is_key, false), coalesce(other.is_key, false), \
        coalesce(one.kind = other.kind AND one.letters = other.letters, false), \
        one.name IS NOT NULL AND other.name IS NOT NULL, one.oid \
     FROM studio_one one FULL JOIN studio_other other ON one.name = other.name \
     ORDER BY coalesce(one.at, other.at)";

/// The columns of the table `$3` in the schema that the parameter `schema` names. A key
/// of a table from which others inherit says nothing of their rows.
fn columns_in(schema: &str) -> String {
    format!(
        "SELECT a.attname::pg_catalog.text AS name, a.atttypid AS kind, a.attnum AS at, \
            a.attcollation AS letters, a.attrelid AS oid, \
            EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid \
                AND i.indisprimary AND a.attnum = ANY (i.indkey::pg_catalog.int2[]) \
                AND (c.relkind = 'p' OR NOT c.relhassubclass)) AS is_key \
         FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {schema} AND c.relname = $3 AND a.attnum > 0 AND NOT a.attisdropped"
    )
}

/// What the tables have in common.
#[derive(Debug, Default)]
struct Common {
    shared: Vec<Shared>,
    left_out: Vec<String>,
    /// Whether a column is of the primary key in one of them only.
    keys_differ: bool,
}

async fn common(reading: &Reading, other: &str, table: &str) -> Result<Common, Failure> {
    const WHAT: &str = "Reading the columns";
    let (one, second) = (columns_in("$1"), columns_in("$2"));
    let sql = format!("WITH studio_one AS ({one}), studio_other AS ({second}) {COLUMNS}");
    let one = reading.schema();
    let parameters: [Parameter<'_>; 3] = [
        (&one, Type::TEXT),
        (&other, Type::TEXT),
        (&table, Type::TEXT),
    ];
    let rows = reading.rows(WHAT, &sql, &parameters).await?;
    let oid = rows.iter().find_map(|row| row.try_get::<_, u32>(5).ok());
    let columns = match &oid {
        Some(oid) => columns(reading, &(oid, Type::OID)).await?,
        None => Vec::new(),
    };
    let mut common = Common::default();
    for row in &rows {
        common.add(row, &columns).map_err(Failure::of(WHAT))?;
    }
    Ok(common)
}

impl Common {
    fn add(&mut self, row: &Row, columns: &[Column]) -> Result<(), tokio_postgres::Error> {
        let keys = [row.try_get::<_, bool>(1)?, row.try_get(2)?];
        self.keys_differ |= keys == [true, false] || keys == [false, true];
        let name = text(row, 0)?;
        let is_same = row.try_get(3)?;
        let column = columns.iter().find(|one| is_same && one.name == name);
        let shared = Shared {
            is_key: keys == [true, true],
            equals: column.and_then(|one| one.comparison.equality()),
            storage: column.map_or(Storage::Whole, |one| one.storage),
            name,
        };
        if row.try_get(4)? {
            self.shared.push(shared);
        } else {
            self.left_out.push(shared.name);
        }
        Ok(())
    }

    fn names(&self, wanted: fn(&Shared) -> bool) -> Vec<String> {
        let found = self.shared.iter().filter(|column| wanted(column));
        found.map(|column| column.name.clone()).collect()
    }
}

/// The rows of `table` that differ between the schema of `reading` and `other`, by
/// primary key, at most `limit`. None when the two have no primary key in common.
pub(crate) async fn differences(
    reading: &Reading,
    other: &str,
    table: &str,
    limit: usize,
) -> Result<Option<Differences>, Failure> {
    let common = common(reading, other, table).await?;
    let schemas = [reading.schema(), other];
    let Some(sql) = difference(&common, schemas, table, limit) else {
        return Ok(None);
    };
    let all = reading
        .transaction()
        .batch_execute("SET LOCAL row_security = off");
    all.await.map_err(Failure::of("Comparing"))?;
    let rows = reading.rows("Comparing", &sql, &[]).await?;
    let read = rows.iter().take(limit).map(|row| common.read(row));
    let read = read.collect::<Result<_, _>>();
    Ok(Some(Differences {
        key: common.names(|column| column.is_key),
        columns: common.names(|_| true),
        left_out: common.left_out,
        rows: read.map_err(Failure::of("Comparing"))?,
        is_cut: rows.len() > limit,
    }))
}

/// The query for the rows that differ, if there is a key to find them by. Values
/// are compared as text, which is how they are shown, and letter by letter: two columns
/// can have different orders of letters, and some orders take a letter for another. A key
/// that is a row may have a NULL among its fields, for which `IS NOT NULL` is false.
fn difference(common: &Common, schemas: [&str; 2], table: &str, limit: usize) -> Option<String> {
    let (keys, values) = common
        .shared
        .iter()
        .partition::<Vec<_>, _>(|column| column.is_key);
    if common.keys_differ {
        return None;
    }
    let some_key = quote_ident(&keys.first()?.name);
    let [one, other] =
        schemas.map(|schema| format!("{}.{}", quote_ident(schema), quote_ident(table)));
    let letters =
        |side: &str, name: &str| format!("{side}.{name}::pg_catalog.text COLLATE pg_catalog.\"C\"");
    let same = each(&keys, " AND ", |column, name| match &column.equals {
        Some(operator) => format!("one.{name} {operator} other.{name}"),
        None => format!(
            "{} OPERATOR(pg_catalog.=) {}",
            letters("one", name),
            letters("other", name)
        ),
    });
    let key = each(&keys, ", ", |_, name| {
        format!(
            "coalesce({}, {})",
            letters("one", name),
            letters("other", name)
        )
    });
    let differs = each(&values, "", |_, name| {
        format!(
            " OR {} IS DISTINCT FROM {}",
            letters("one", name),
            letters("other", name)
        )
    });
    let (left, right) = (
        common.shown("one", &some_key),
        common.shown("other", &some_key),
    );
    let limit = limit.saturating_add(1);
    Some(format!(
        "SELECT ARRAY[{key}], {left}, {right} FROM {one} one FULL JOIN {other} other ON {same} \
         WHERE one.{some_key} IS NOT DISTINCT FROM NULL \
            OR other.{some_key} IS NOT DISTINCT FROM NULL{differs} \
         ORDER BY {key} LIMIT {limit}"
    ))
}

impl Common {
    /// The beginnings of the values of one side, or NULL where it has no such row.
    fn shown(&self, side: &str, some_key: &str) -> String {
        let cuts = self.shared.iter().map(|column| {
            let value = format!("{side}.{}", quote_ident(&column.name));
            let storage = column.storage;
            Source { value, storage }.cut(Extent::of(LETTERS), false)
        });
        let cuts = cuts.collect::<Vec<_>>().join(", ");
        format!("CASE WHEN {side}.{some_key} IS DISTINCT FROM NULL THEN ARRAY[{cuts}] END")
    }

    fn read(&self, row: &Row) -> Result<Difference, tokio_postgres::Error> {
        let side = |at| {
            let texts = some_texts(row, at)?;
            Ok(texts.map(|texts| {
                let pairs = self.shared.iter().zip(texts);
                let shown = pairs.map(|(column, text)| Some(column.storage.shown(text?, LETTERS)));
                shown.collect()
            }))
        };
        Ok(Difference {
            key: some_texts(row, 0)?.unwrap_or_default(),
            sides: [side(1)?, side(2)?],
        })
    }
}

/// What `text` makes of each column and its quoted name.
fn each(columns: &[&Shared], by: &str, text: impl Fn(&Shared, &str) -> String) -> String {
    let texts = columns
        .iter()
        .map(|column| text(column, &quote_ident(&column.name)));
    texts.collect::<Vec<_>>().join(by)
}
