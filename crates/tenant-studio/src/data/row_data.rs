//! [`RowData`]: what a page of rows has of each row, and how that is read.

use tenant_core::quote_ident;
use tokio_postgres::Row;

use super::catalog::{Column, Table};
use super::cut::{Extent, Source, Storage};
use super::rows::LETTERS;
use super::select::Order;
use super::text::Cell;
use crate::query::{OrderValues, View};

/// How many letters of a value can stand in an address.
const LETTERS_OF_LINK: usize = 1_000;

/// A row, as text.
#[derive(Debug)]
pub(crate) struct RowData {
    /// Of the columns that are shown: one letter more than is shown, where there
    /// are more.
    pub(crate) cells: Vec<Option<Cell>>,
    /// What the next page begins after, if that can stand in an address.
    pub(crate) edge: Option<OrderValues>,
    /// What tells this row from all others, if that can stand in an address.
    pub(crate) identity: Option<OrderValues>,
    /// Of the columns of foreign keys, in the order of [`Table::linked`].
    pub(crate) linked: OrderValues,
}

/// The values, unless one is too long, or is no text.
fn whole(values: &[Option<Cell>]) -> Option<OrderValues> {
    let short = |text: &&str| text.chars().count() <= LETTERS_OF_LINK;
    let values = values.iter().map(|value| match value {
        None => Some(None),
        Some(cell) => cell.exact().filter(short).map(|text| Some(text.to_owned())),
    });
    let values = values.collect::<Option<OrderValues>>();
    values.filter(|values| !values.is_empty())
}

/// One of the columns that tell a row from all others.
pub(super) struct Identifying<'a> {
    /// As SQL names it in a table without another name.
    pub(super) name: String,
    pub(super) type_name: String,
    pub(super) source: Source,
    column: Option<&'a Column>,
}

impl Identifying<'_> {
    /// That it has the value `value`, which is SQL, where it is called `name`.
    pub(super) fn equals(&self, name: &str, value: &str) -> String {
        match self.column {
            Some(column) => column.equals(name, value),
            None => format!("{name} OPERATOR(pg_catalog.=) {value}"),
        }
    }
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
    pub(super) fn identifying(&self) -> Vec<Identifying<'_>> {
        let Some(key) = self.key() else {
            let place = self.place().iter();
            let place = place.map(|(column, type_name)| Identifying {
                name: (*column).to_owned(),
                type_name: (*type_name).to_owned(),
                source: Source {
                    value: format!("t.{column}"),
                    storage: Storage::Fixed,
                },
                column: None,
            });
            return place.collect();
        };
        let columns = key.iter().filter_map(|name| self.column(name));
        let columns = columns.map(|column| Identifying {
            name: quote_ident(&column.name),
            type_name: column.compared_type().to_owned(),
            source: column.source(),
            column: Some(column),
        });
        columns.collect()
    }

    /// What is read of each row of a page in this order.
    pub(super) fn plan(&self, view: &View, order: &[Order]) -> Plan {
        let columns = self.shown(view).into_iter().map(Column::source);
        // Only where each row has a place of its own there is something to remember.
        let order = order.iter().filter(|_| self.is_total());
        let identity = self.identifying().into_iter();
        let linked = self.linked().into_iter();
        Plan {
            cells: columns.collect(),
            order: order.map(|one| one.source.clone()).collect(),
            identity: identity.map(|one| one.source).collect(),
            linked: linked.map(Column::source).collect(),
        }
    }
}

/// What is read of each row, in this order.
pub(super) struct Plan {
    cells: Vec<Source>,
    order: Vec<Source>,
    identity: Vec<Source>,
    linked: Vec<Source>,
}

impl Plan {
    pub(super) fn sql(&self, is_bytes: bool) -> String {
        let cells = self.cells.iter();
        let cells = cells.map(|one| one.cut(Extent::of(LETTERS), is_bytes));
        let others = self.order.iter().chain(&self.identity).chain(&self.linked);
        let others = others.map(|one| one.cut(Extent::of(LETTERS_OF_LINK), is_bytes));
        cells.chain(others).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn read(&self, row: &Row) -> Result<RowData, tokio_postgres::Error> {
        let mut at = 0;
        let mut read = |sources: &[Source]| {
            let cells = sources.iter().map(|source| {
                at += 1;
                source.read(row, at - 1)
            });
            cells.collect::<Result<Vec<_>, _>>()
        };
        let cells = read(&self.cells)?;
        let (order, identity) = (read(&self.order)?, read(&self.identity)?);
        let linked = read(&self.linked)?.into_iter();
        let exact = |cell: Cell| cell.exact().map(str::to_owned);
        Ok(RowData {
            cells,
            edge: whole(&order),
            identity: whole(&identity),
            linked: linked.map(|cell| cell.and_then(exact)).collect(),
        })
    }
}
