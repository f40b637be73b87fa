//! Reads a page of rows.

use super::catalog::{Column, Table};
use super::cut::Extent;
use super::parts::Part;
use super::reading::Reading;
use super::row_data::{Plan, RowData};
use super::select::{Following, Order, Statement, Value, following, order_by};
use super::text::Cell;
use crate::error::Failure;
use crate::query::{At, OrderValues, View};

/// How many letters of a value the grid shows.
pub(crate) const LETTERS: usize = 300;

/// A page of rows.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<RowData>,
    pub(crate) has_before: bool,
    pub(crate) has_after: bool,
}

impl Table {
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
        let is_down = is_down != is_reverse;
        let windows = match self.one_by_one(view, &order, is_down) {
            Some(windows) => windows,
            None => {
                let windows = parts.into_iter().map(|part| (None, part, order.as_slice()));
                windows.collect()
            }
        };
        let plan = self.plan(view, &order);
        let mut found = Vec::new();
        for (table, part, order) in windows {
            let window = Window {
                table,
                part,
                order,
                is_down,
                limit: limit - found.len(),
                offset,
            };
            found.extend(self.part(reading, view, (&window, &plan)).await?);
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
        (window, plan): (&Window<'_>, &Plan),
    ) -> Result<Vec<RowData>, Failure> {
        const WHAT: &str = "Reading the rows";
        let statement = self.select(view, window, plan)?;
        let rows = reading.ask(WHAT, &statement).await?;
        let read = rows.iter().map(|row| plan.read(row));
        let read = read.collect::<Result<_, _>>();
        read.map_err(Failure::of(WHAT))
    }

    fn select(&self, view: &View, window: &Window<'_>, plan: &Plan) -> Result<Statement, Failure> {
        let mut statement = Statement::default();
        let columns = plan.sql(self.is_bytes);
        let table = match window.table {
            Some(part) => format!("ONLY {} AS t", part.name),
            None => self.quoted(),
        };
        statement.push(&format!("SELECT {columns} FROM {table}"));
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
        is_plain && window.order.len() < 2 && !window.is_down
    }

    /// The tables that the rows are in, one after the other, where these rows are ordered
    /// by nothing but their places: else all of them would have to be read and sorted.
    /// None where they are not.
    fn one_by_one<'a>(
        &'a self,
        view: &'a View,
        order: &'a [Order],
        is_down: bool,
    ) -> Option<Vec<Asked<'a>>> {
        let [_, place] = order else { return None };
        if self.each.is_empty() || view.sort.is_some() || self.declared_key().is_some() {
            return None;
        }
        let edge = match &view.at {
            At::Start | At::End => None,
            At::Offset(_) => return None,
            At::After(edge) | At::Before(edge) => match edge.as_slice() {
                [Some(table), place] => Some((table.parse::<u32>().ok()?, place)),
                _ => return None,
            },
        };
        let mut each = self.each.iter().collect::<Vec<_>>();
        if is_down {
            each.reverse();
        }
        let order = std::slice::from_ref(place);
        let asked = each.into_iter().filter_map(|part| {
            let following = match edge {
                None => Following::All,
                Some((table, place)) if part.oid == table => {
                    Following::Beyond(order, std::slice::from_ref(place))
                }
                Some((table, _)) if (part.oid > table) != is_down => Following::All,
                Some(_) => return None,
            };
            Some((Some(part), following, order))
        });
        Some(asked.collect())
    }

    /// How many rows `view` has in all.
    pub(crate) async fn count(&self, reading: &Reading, view: &View) -> Result<i64, Failure> {
        const WHAT: &str = "Counting the rows";
        let mut statement = Statement::default();
        statement.push(&format!(
            "SELECT pg_catalog.count(*) FROM {}",
            self.quoted()
        ));
        self.filter(&mut statement, view)?;
        let rows = reading.ask(WHAT, &statement).await?;
        let count = rows.first().map_or(Ok(0), |row| row.try_get(0));
        count.map_err(Failure::of(WHAT))
    }

    /// The row that `identity` tells from all others: each of `columns`, as much as
    /// `extent` says.
    pub(crate) async fn row(
        &self,
        reading: &Reading,
        identity: &OrderValues,
        (columns, extent): (&[&Column], Extent),
    ) -> Result<Option<Vec<Option<Cell>>>, Failure> {
        let names = self.identifying();
        if names.is_empty() || names.len() != identity.len() {
            return Err(Failure::Wrong(
                "the key names no row of the table".to_owned(),
            ));
        }
        let mut statement = self.beginning(columns, extent);
        let mut joint = " WHERE ";
        for (one, value) in names.iter().zip(identity) {
            let value = statement.bind(Value::One(value.clone().unwrap_or_default()));
            let value = format!("CAST({value} AS {})", one.type_name);
            statement.push(joint);
            statement.push(&one.equals(&one.source.value, &value));
            joint = " AND ";
        }
        self.only(reading, &statement, columns).await
    }

    /// The `number`th of the rows that `view` shows, as [`row`](Self::row) gives
    /// it: for rows that nothing tells apart.
    pub(crate) async fn nth(
        &self,
        reading: &Reading,
        view: &View,
        number: usize,
        (columns, extent): (&[&Column], Extent),
    ) -> Result<Option<Vec<Option<Cell>>>, Failure> {
        let offset = match view.at {
            At::Offset(offset) => offset + number,
            _ => number,
        };
        let is_down = view.sort.as_ref().is_some_and(|sort| sort.is_down);
        let mut statement = self.beginning(columns, extent);
        self.filter(&mut statement, view)?;
        statement.push(&order_by(&self.order(view)?, is_down));
        statement.push(&format!(" LIMIT 1 OFFSET {offset}"));
        self.only(reading, &statement, columns).await
    }

    fn beginning(&self, columns: &[&Column], extent: Extent) -> Statement {
        let cells = columns.iter().map(|column| column.source());
        let cells = cells.map(|source| source.cut(extent, self.is_bytes));
        let cells = cells.collect::<Vec<_>>().join(", ");
        let mut statement = Statement::default();
        statement.push(&format!("SELECT {cells} FROM {}", self.quoted()));
        statement
    }

    async fn only(
        &self,
        reading: &Reading,
        statement: &Statement,
        columns: &[&Column],
    ) -> Result<Option<Vec<Option<Cell>>>, Failure> {
        const WHAT: &str = "Reading the row";
        let rows = reading.ask(WHAT, statement).await?;
        let read = rows.first().map(|row| {
            let columns = columns.iter().enumerate();
            let cells = columns.map(|(at, column)| column.source().read(row, at));
            cells.collect::<Result<Vec<_>, _>>()
        });
        read.transpose().map_err(Failure::of(WHAT))
    }
}

/// A table to ask, if it is one of several; which rows, and their order.
type Asked<'a> = (Option<&'a Part>, Following<'a>, &'a [Order]);

/// A part of a page.
struct Window<'a> {
    /// Which of its tables is asked; all, if it is none.
    table: Option<&'a Part>,
    part: Following<'a>,
    order: &'a [Order],
    is_down: bool,
    limit: usize,
    offset: usize,
}
