//! The rows themselves.

use maud::{Markup, html};

use super::Grid;
use crate::cell;
use crate::data::{Cell, Column, Constraint, LETTERS, RowData};
use crate::pages::record;
use crate::query::{Filter, View};

impl Grid<'_> {
    pub(super) fn body(&self) -> Markup {
        let columns = self.table.shown(self.view);
        html! {
            div.scroll.grid-box tabindex="0" role="region" aria-label="Rows" {
                table.grid data-rows data-changes=(self.place.table(&self.table.relation.name, "changes")) {
                    thead { tr {
                        th.open scope="col" { span.hidden { "Row" } }
                        @for column in &columns { (self.head(column)) }
                    } }
                    tbody {
                        @for (number, row) in self.rows.rows.iter().enumerate() {
                            (self.row(number, row, &columns))
                        }
                    }
                }
            }
        }
    }

    fn head(&self, column: &Column) -> Markup {
        let sort = self
            .view
            .sort
            .as_ref()
            .filter(|sort| sort.column == column.name);
        let direction = sort.map(|sort| {
            if sort.is_down {
                "descending"
            } else {
                "ascending"
            }
        });
        let link = self.view.sorted(&column.name).at_path(&self.path());
        let is_down = sort.is_some_and(|sort| sort.is_down);
        html! {
            th.number[column.is_number] scope="col" data-column=(column.name) aria-sort=[direction] title=[&column.comment] {
                a.sorted[sort.is_some()].down[is_down] href=(link) { (column.name) }
                (keys(self, column))
                span.type { (column.type_name) @if !column.not_null { "?" } }
            }
        }
    }

    fn row(&self, number: usize, row: &RowData, columns: &[&Column]) -> Markup {
        let link = self.record(number, row, "row");
        html! {
            tr {
                td.open {
                    a href=(link) aria-label=(format!("Open row {}", number + 1)) { "⤢" }
                }
                @for (column, value) in columns.iter().zip(&row.cells) {
                    td.number[column.is_number] {
                        (self.cell((number, row), column, value.as_ref()))
                    }
                }
            }
        }
    }

    fn cell(
        &self,
        (number, row): (usize, &RowData),
        column: &Column,
        value: Option<&Cell>,
    ) -> Markup {
        let is_cut = cell::has_more(value, LETTERS);
        let link = self.follow(row, column);
        html! {
            div.cell {
                @match link {
                    Some((link, title)) => a href=(link) title=(title) { (cell::of_in_line(value, LETTERS)) },
                    None => (cell::of_in_line(value, LETTERS)),
                }
            }
            @if is_cut || column.is_json && value.is_some() {
                a.more href=(format!("{}&column={}", self.record(number, row, "value"), encoded(&column.name)))
                    aria-label=(format!("{} in full", column.name)) { "more" }
            }
        }
    }

    /// Where the row or one of its values is shown alone.
    fn record(&self, number: usize, row: &RowData, page: &str) -> String {
        let path = self.place.table(&self.table.relation.name, page);
        record::address(&path, row.identity.as_ref(), self.view, number)
    }

    /// Where the foreign key that begins with `column` leads from this row.
    fn follow(&self, row: &RowData, column: &Column) -> Option<(String, String)> {
        let mut keys = self.table.foreign_keys();
        let key = keys.find(|key| key.columns.first() == Some(&column.name))?;
        let value = |name: &String| {
            let linked = self.table.linked();
            let at = linked.iter().position(|one| one.name == *name)?;
            row.linked.get(at)?.clone()
        };
        follow(self, key, value)
    }
}

fn follow(
    grid: &Grid<'_>,
    key: &Constraint,
    value: impl Fn(&String) -> Option<String>,
) -> Option<(String, String)> {
    let target = key.target.as_ref()?;
    let place = grid.table.place_of(target, grid.place)?;
    let pairs = key.columns.iter().zip(&target.columns);
    let filters = pairs.map(|(from, to)| Some(Filter::equal(to, &value(from)?)));
    let filters = filters.collect::<Option<Vec<_>>>()?;
    let link = View::filtered(filters).at_path(&place.rows(&target.table));
    Some((link, format!("Go to {}", target.table)))
}

fn encoded(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

fn keys(grid: &Grid<'_>, column: &Column) -> Markup {
    let with_it = |key: &&Constraint| key.columns.contains(&column.name);
    let is_primary = grid
        .table
        .constraints
        .iter()
        .filter(with_it)
        .any(Constraint::is_primary);
    let foreign = grid.table.foreign_keys().find(with_it);
    html! {
        @if is_primary { span.key.primary title="Primary key" { "PK" } }
        @if let Some(target) = foreign.and_then(|key| key.target.as_ref()) {
            span.key.foreign title=(format!("Refers to {}", target.table)) { "FK" }
        }
    }
}
