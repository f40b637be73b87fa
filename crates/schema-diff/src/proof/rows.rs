//! Puts made-up rows into every table.

use std::collections::HashSet;

use regex::Regex;
use sql_text::literal;
use tokio_postgres::{Client, Error};

use super::sample;
use crate::catalog::{Catalog, StoredColumn, StoredTable};
use crate::model::Type;
use crate::order::order;
use crate::plan::Plan;

/// How many rows a table gets: one with a value everywhere, one with NULL
/// wherever that is allowed, and one more with values.
const ROWS: usize = 3;

/// What came of it.
#[derive(Default)]
pub(super) struct Filled {
    pub(super) rows: usize,
    /// The tables that took none of these rows.
    pub(super) empty: Vec<String>,
}

/// Fills the tables, those referred to first. In columns that get another type
/// the values are such as can be converted.
pub(super) async fn fill(client: &Client, catalog: &Catalog, plan: &Plan) -> Result<Filled, Error> {
    let names = catalog.tables.iter().map(|table| table.name.as_str());
    let references = catalog.tables.iter().flat_map(|table| {
        let keys = table.foreign_keys.iter();
        keys.map(|key| (table.name.as_str(), key.parent.as_str()))
    });
    let references = references.collect::<Vec<_>>();
    let order = order(&names.collect::<Vec<_>>(), &references);
    let convertible = convertible(client, catalog, plan).await?;
    let mut filled = Filled::default();
    for table in order.tables.iter().filter_map(|name| catalog.table(name)) {
        let source = Source {
            catalog,
            plan,
            table,
            convertible: &convertible,
        };
        fill_table(client, source, &mut filled).await?;
    }
    Ok(filled)
}

/// A value of a table's column in a row.
type ColumnOfTable = (String, String, usize);

/// Where a value of the new type is one of the old type, too: `1` for a text
/// that becomes a number.
async fn convertible(
    client: &Client,
    catalog: &Catalog,
    plan: &Plan,
) -> Result<HashSet<ColumnOfTable>, Error> {
    let mut places = HashSet::new();
    for conversion in &plan.conversions {
        let table = catalog.table(&conversion.table);
        let Some(column) = table.and_then(|table| table.column(&conversion.column)) else {
            continue;
        };
        for row in 1..=ROWS {
            let text = new_value(catalog, plan, column, &conversion.to, row);
            let question = format!("SELECT {}::{}", literal(&text), column.sql_type);
            match client.batch_execute(&question).await {
                Ok(()) => {
                    let (table, column) = (&conversion.table, &conversion.column);
                    places.insert((table.clone(), column.clone(), row));
                }
                Err(error) if error.is_closed() => return Err(error),
                Err(_) => {}
            }
        }
    }
    Ok(places)
}

/// A value of the type `to` for the column. If the step turns the column into an array, it is not
/// an array yet.
fn new_value(
    catalog: &Catalog,
    plan: &Plan,
    column: &StoredColumn,
    to: &Type,
    row: usize,
) -> String {
    let ty = Type {
        array: to.array && column.ty.array,
        ..to.clone()
    };
    value(catalog, plan, &ty, row)
}

/// A value of a type that exists, or that the migration creates.
fn value(catalog: &Catalog, plan: &Plan, ty: &Type, row: usize) -> String {
    let existing = catalog.custom_type(&ty.name);
    let labels = existing.and_then(|found| found.labels.clone());
    let new = plan.new_types.get(&ty.name);
    let labels = labels.or_else(|| new.map(|definition| texts_in(definition)));
    sample::text(ty, row, labels.as_deref())
}

/// What rows are made from.
#[derive(Clone, Copy)]
struct Source<'a> {
    catalog: &'a Catalog,
    plan: &'a Plan,
    table: &'a StoredTable,
    convertible: &'a HashSet<ColumnOfTable>,
}

async fn fill_table(client: &Client, source: Source<'_>, filled: &mut Filled) -> Result<(), Error> {
    let before = filled.rows;
    for row in 1..=ROWS {
        let kinds = if row == 2 {
            [Kind::MostlyNull, Kind::Checked, Kind::Full]
        } else {
            [Kind::Full, Kind::Checked, Kind::MostlyNull]
        };
        for kind in kinds {
            let maker = Maker { source, row, kind };
            match client.batch_execute(&maker.insert()).await {
                Ok(()) => {
                    filled.rows += 1;
                    break;
                }
                Err(error) if error.is_closed() => return Err(error),
                Err(_) => {}
            }
        }
    }
    if filled.rows == before {
        filled.empty.push(source.table.name.clone());
    }
    Ok(())
}

/// What a row is to be like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A value in every column.
    Full,
    /// The same, but in columns with a check one of the texts that stand there.
    Checked,
    /// NULL wherever it is allowed.
    MostlyNull,
}

/// Makes up one row.
struct Maker<'a> {
    source: Source<'a>,
    row: usize,
    kind: Kind,
}

impl Maker<'_> {
    fn insert(&self) -> String {
        let quote = &self.source.catalog.quote;
        let columns = self.source.table.columns.iter();
        let columns = columns.filter(|column| column.generated.is_none());
        let columns = columns.collect::<Vec<_>>();
        let table = quote.ident(&self.source.table.name);
        if columns.is_empty() {
            return format!("INSERT INTO {table} DEFAULT VALUES");
        }
        let names = quote.idents(columns.iter().map(|column| &column.name));
        let values = columns.iter().map(|column| self.value(column));
        let values = values.collect::<Vec<_>>().join(", ");
        format!("INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE VALUES ({values})")
    }

    fn value(&self, column: &StoredColumn) -> String {
        if column.nullable && self.kind == Kind::MostlyNull {
            return "NULL".to_owned();
        }
        let checked = (self.kind == Kind::Checked).then(|| self.text_of_check(column));
        let text = checked.flatten().unwrap_or_else(|| self.sample(column));
        format!("{}::{}", literal(&text), column.sql_type)
    }

    /// A value that can be converted, if the column gets another type.
    fn sample(&self, column: &StoredColumn) -> String {
        let Source { catalog, plan, .. } = self.source;
        let table = &self.source.table.name;
        let place = (table.clone(), column.name.clone(), self.row);
        let mut conversions = plan.conversions.iter();
        let conversion = conversions.find(|it| it.table == *table && it.column == column.name);
        match conversion {
            Some(conversion) if self.source.convertible.contains(&place) => {
                new_value(catalog, plan, column, &conversion.to, self.row)
            }
            _ => value(catalog, plan, &column.ty, self.row),
        }
    }

    fn text_of_check(&self, column: &StoredColumn) -> Option<String> {
        let checks = self.source.table.constraints.iter();
        let check = checks
            .filter(|constraint| constraint.definition.starts_with("CHECK"))
            .find(|constraint| constraint.columns.contains(&column.name))?;
        let texts = texts_in(&check.definition);
        let text = texts.get((self.row - 1) % texts.len().max(1))?;
        Some(text.clone())
    }
}

/// The string constants in a piece of SQL.
fn texts_in(sql: &str) -> Vec<String> {
    let Ok(constant) = Regex::new("'((?:[^']|'')*)'") else {
        return Vec::new();
    };
    let texts = constant.captures_iter(sql);
    let texts = texts.filter_map(|found| Some(found.get(1)?.as_str().replace("''", "'")));
    texts.collect()
}
