//! Reads a page of rows.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::catalog::{Column, Table};
use super::reading::Reading;
use super::select::{Following, Order, Statement, Value, following, order_by};
use crate::error::Failure;
use crate::query::{At, OrderValues, View};

/// How many letters of a value the grid shows.
pub(crate) const LETTERS: usize = 300;

/// How many letters of a value can stand in an address.
const LETTERS_OF_LINK: usize = 1_000;

/// A page of rows.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<RowData>,
    pub(crate) has_before: bool,
    pub(crate) has_after: bool,
}

/// A row, as text.
#[derive(Debug)]
pub(crate) struct RowData {
    /// Of the columns that are shown: one letter more than is shown, where there
    /// are more.
    pub(crate) cells: Vec<Option<String>>,
    /// Of the columns that rows are ordered by.
    pub(crate) order: OrderValues,
    /// Of the key's columns, or the row's place.
    pub(crate) identity: OrderValues,
    /// Of the columns of foreign keys, in the order of [`Table::linked`].
    pub(crate) linked: OrderValues,
}

impl RowData {
    /// What the next page begins after, if that can stand in an address.
    pub(crate) fn edge(&self) -> Option<OrderValues> {
        whole(&self.order)
    }

    /// What tells this row from all others, if that can stand in an address.
    pub(crate) fn identity(&self) -> Option<OrderValues> {
        whole(&self.identity).filter(|values| !values.is_empty())
    }
}

/// The values, unless one is too long.
fn whole(values: &OrderValues) -> Option<OrderValues> {
    let mut all = values.iter().flatten();
    all.all(|value| value.chars().count() <= LETTERS_OF_LINK)
        .then(|| values.clone())
}

impl Table {
    /// The columns that foreign keys have, each once.
    pub(crate) fn linked(&self) -> Vec<&Column> {
        let mut linked = Vec::<&Column>::new();
        for name in self.foreign_keys().flat_map(|key| &key.columns) {
            let column = self.column(name);
            linked.extend(column.filter(|new| linked.iter().all(|one| one.name != new.name)));
        }
        linked
    }

    /// What tells a row from all others.
    pub(crate) fn identifying(&self) -> Vec<String> {
        match self.key() {
            Some(key) => {
                let columns = key.iter().filter_map(|name| self.column(name));
                columns.map(Column::quoted).collect()
            }
            None if self.relation.kind.has_places() => vec!["t.ctid".to_owned()],
            None => Vec::new(),
        }
    }

    /// The page of rows that `view` means.
    pub(crate) async fn rows(&self, reading: &Reading, view: &View) -> Result<Rows, Failure> {
        let order = self.order(view)?;
        let is_down = view.sort.as_ref().is_some_and(|sort| sort.is_down);
        let limit = view.size() + 1;
        let all = vec![Following::All];
        let (parts, is_reverse, offset) = match &view.at {
            At::Start => (all, false, 0),
            At::Offset(offset) => (all, false, *offset),
            At::End => (all, true, 0),
            // The address is from before the table got another key.
            At::After(edge) | At::Before(edge) if edge.len() != order.len() => (all, false, 0),
            At::After(edge) => (following(&order, edge, is_down), false, 0),
            At::Before(edge) => (following(&order, edge, !is_down), true, 0),
        };
        let mut found = Vec::new();
        for part in parts {
            let window = Window {
                part,
                order: &order,
                is_down: is_down != is_reverse,
                limit: limit - found.len(),
                offset,
            };
            found.extend(self.part(reading, view, &window).await?);
            if found.len() >= limit {
                break;
            }
        }
        let has_more = found.len() > view.size();
        found.truncate(view.size());
        if is_reverse {
            found.reverse();
        }
        Ok(Rows {
            rows: found,
            has_before: if is_reverse {
                has_more
            } else {
                view.at != At::Start && view.at != At::Offset(0)
            },
            has_after: if is_reverse {
                view.at != At::End
            } else {
                has_more
            },
        })
    }

    async fn part(
        &self,
        reading: &Reading,
        view: &View,
        window: &Window<'_>,
    ) -> Result<Vec<RowData>, Failure> {
        const WHAT: &str = "Reading the rows";
        let statement = self.select(view, window)?;
        let rows = reading.ask(WHAT, &statement).await?;
        let shape = [
            self.shown(view).len(),
            window.order.len(),
            self.identifying().len(),
        ];
        let read = rows
            .iter()
            .map(|row| data(row, shape))
            .collect::<Result<_, _>>();
        read.map_err(Failure::of(WHAT))
    }

    fn select(&self, view: &View, window: &Window<'_>) -> Result<Statement, Failure> {
        let mut statement = Statement::default();
        let shown = self.shown(view);
        let cells = shown
            .into_iter()
            .map(|column| cut(&column.quoted(), LETTERS));
        let order = window
            .order
            .iter()
            .map(|one| cut(&one.expression, LETTERS_OF_LINK));
        let identity = self.identifying();
        let identity = identity.iter().map(|one| cut(one, LETTERS_OF_LINK));
        let linked = self.linked().into_iter();
        let linked = linked.map(|column| cut(&column.quoted(), LETTERS_OF_LINK));
        let columns = cells.chain(order).chain(identity).chain(linked);
        let columns = columns.collect::<Vec<_>>().join(", ");
        statement.push(&format!("SELECT {columns} FROM {}", self.quoted()));
        let joint = self.filter(&mut statement, view)?;
        window.part.write(&mut statement, joint, window.is_down);
        if !self.is_in_order_already(view, window) {
            statement.push(&order_by(window.order, window.is_down));
        }
        statement.push(&format!(" LIMIT {} OFFSET {}", window.limit, window.offset));
        Ok(statement)
    }

    /// Rows without a key, read from the first on, come in the order of their
    /// places, and PostgreSQL would sort all of them first if it was asked to.
    fn is_in_order_already(&self, view: &View, window: &Window<'_>) -> bool {
        let is_plain = self.key().is_none() && view.sort.is_none() && view.filters.is_empty();
        is_plain && !window.is_down
    }

    /// How many rows `view` has in all.
    pub(crate) async fn count(&self, reading: &Reading, view: &View) -> Result<i64, Failure> {
        const WHAT: &str = "Counting the rows";
        let mut statement = Statement::default();
        statement.push(&format!("SELECT count(*) FROM {}", self.quoted()));
        self.filter(&mut statement, view)?;
        let rows = reading.ask(WHAT, &statement).await?;
        let count = rows.first().map_or(Ok(0), |row| row.try_get(0));
        count.map_err(Failure::of(WHAT))
    }

    /// The row that `identity` tells from all others: each of `columns` as text,
    /// at most `letters` of it and one more.
    pub(crate) async fn row(
        &self,
        reading: &Reading,
        identity: &OrderValues,
        (columns, letters): (&[&Column], usize),
    ) -> Result<Option<Vec<Option<String>>>, Failure> {
        const WHAT: &str = "Reading the row";
        let names = self.identifying();
        if names.is_empty() || names.len() != identity.len() {
            return Err(Failure::Wrong(
                "This does not name a row of the table.".to_owned(),
            ));
        }
        let mut statement = Statement::default();
        let cells = columns.iter().map(|column| cut(&column.quoted(), letters));
        let cells = cells.collect::<Vec<_>>().join(", ");
        statement.push(&format!("SELECT {cells} FROM {}", self.quoted()));
        let types = self.identifying_types();
        let mut joint = " WHERE ";
        for ((name, type_name), value) in names.iter().zip(types).zip(identity) {
            let value = statement.bind(Value::One(value.clone().unwrap_or_default()));
            statement.push(&format!("{joint}{name} = CAST({value} AS {type_name})"));
            joint = " AND ";
        }
        let rows = reading.ask(WHAT, &statement).await?;
        let values = rows.first().map(|row| texts(row, 0..row.len())).transpose();
        values.map_err(Failure::of(WHAT))
    }

    /// The `number`th of the rows that `view` shows, as [`row`](Self::row) gives
    /// it: for rows that nothing tells apart.
    pub(crate) async fn nth(
        &self,
        reading: &Reading,
        view: &View,
        number: usize,
        (columns, letters): (&[&Column], usize),
    ) -> Result<Option<Vec<Option<String>>>, Failure> {
        const WHAT: &str = "Reading the row";
        let offset = match view.at {
            At::Offset(offset) => offset + number,
            _ => number,
        };
        let is_down = view.sort.as_ref().is_some_and(|sort| sort.is_down);
        let mut statement = Statement::default();
        let cells = columns.iter().map(|column| cut(&column.quoted(), letters));
        let cells = cells.collect::<Vec<_>>().join(", ");
        statement.push(&format!("SELECT {cells} FROM {}", self.quoted()));
        self.filter(&mut statement, view)?;
        statement.push(&order_by(&self.order(view)?, is_down));
        statement.push(&format!(" LIMIT 1 OFFSET {offset}"));
        let rows = reading.ask(WHAT, &statement).await?;
        let values = rows.first().map(|row| texts(row, 0..row.len())).transpose();
        values.map_err(Failure::of(WHAT))
    }

    /// The types of [`identifying`](Self::identifying).
    fn identifying_types(&self) -> Vec<String> {
        let Some(key) = self.key() else {
            return vec!["tid".to_owned()];
        };
        let columns = key.iter().filter_map(|name| self.column(name));
        columns.map(|column| column.bare_type.clone()).collect()
    }
}

/// A part of a page.
struct Window<'a> {
    part: Following<'a>,
    order: &'a [Order],
    is_down: bool,
    limit: usize,
    offset: usize,
}

/// JSON with a line for each of its parts, as PostgreSQL writes it: it keeps
/// numbers as they are. What is no JSON, or too long, stays as it is.
pub(crate) async fn pretty(reading: &Reading, json: Option<String>) -> Option<String> {
    const LONGEST: usize = 1_000_000;
    let text = json?;
    if text.len() > LONGEST {
        return Some(text);
    }
    let sql = "SELECT pg_catalog.jsonb_pretty(CAST($1 AS pg_catalog.jsonb))";
    let rows = reading
        .rows("Writing JSON", sql, &[(&text, Type::TEXT)])
        .await;
    let pretty = rows.iter().flatten().find_map(|row| row.try_get(0).ok());
    Some(pretty.unwrap_or(text))
}

/// The beginning of a value as text, with one letter more to know of the rest.
fn cut(expression: &str, letters: usize) -> String {
    format!("pg_catalog.left({expression}::text, {})", letters + 1)
}

fn data(row: &Row, [cells, order, identity]: [usize; 3]) -> Result<RowData, tokio_postgres::Error> {
    let of_order = cells + order;
    let of_identity = of_order + identity;
    Ok(RowData {
        cells: texts(row, 0..cells)?,
        order: texts(row, cells..of_order)?,
        identity: texts(row, of_order..of_identity)?,
        linked: texts(row, of_identity..row.len())?,
    })
}

fn texts(row: &Row, columns: std::ops::Range<usize>) -> Result<OrderValues, tokio_postgres::Error> {
    columns.map(|at| row.try_get(at)).collect()
}
