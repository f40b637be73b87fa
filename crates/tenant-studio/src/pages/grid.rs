//! The rows of a table.

mod body;
mod controls;
mod pager;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};

use super::{Here, at_each_place};
use crate::csv::Formulas;
use crate::data::{self, Rows, Table};
use crate::error::Failure;
use crate::problem;
use crate::query::View;
use crate::shown_schema::{ShownSchema, TableName};
use crate::words::{counted, estimated};

pub(super) fn routes() -> Router<crate::Studio> {
    at_each_place("/table/{table}", get(show))
}

/// A table and what of it is shown.
struct Grid<'a> {
    /// Whether rows can be changed.
    writes: bool,
    place: &'a ShownSchema,
    table: &'a Table,
    view: &'a View,
    rows: Rows,
    /// How many rows there are, if they were to be counted.
    total: Option<Result<i64, Failure>>,
}

async fn show(here: Here, TableName(name): TableName) -> Result<Response, Failure> {
    let reading = here.read().await?;
    let tables = data::relations(&reading).await?;
    let table = Table::read(&reading, &name).await?;
    let view = View::of(here.uri.query());
    let (rows, failure) = match table.rows(&reading, &view).await {
        Ok(rows) => (rows, None),
        Err(failure) => (Rows::default(), Some(failure)),
    };
    let total = match &failure {
        None if view.counts => Some(table.count(&reading, &view).await),
        _ => None,
    };
    reading.end();
    let grid = Grid {
        writes: here.studio.options().write && table.is_writable(),
        place: &here.place,
        table: &table,
        view: &view,
        rows,
        total,
    };
    let page = here.page_beside(&tables, Some(&name));
    let status = failure.as_ref().map_or(StatusCode::OK, Failure::status);
    let body = grid.show(failure.as_ref());
    Ok((status, page.show(&body)).into_response())
}

impl Grid<'_> {
    fn path(&self) -> String {
        self.place.rows(&self.table.relation.name)
    }

    fn show(&self, failure: Option<&Failure>) -> Markup {
        html! {
            (self.heading())
            (self.controls())
            @if let Some(failure) = failure {
                (problem::error(failure.to_string()))
                @if let Some(advice) = failure.advice() { (problem::hint(advice)) }
            } @else {
                (self.pager())
                (self.body())
                @if self.rows.rows.is_empty() { p.empty { "No rows." } }
                @if self.rows.rows.len() > 20 { (self.pager()) }
            }
        }
    }

    fn heading(&self) -> Markup {
        let relation = &self.table.relation;
        html! {
            div.bar {
                h1 { (relation.name) }
                span.badge { (relation.kind.name()) }
                span.quiet { (self.number_of_rows()) }
                span.gap {}
                @if self.writes { a.button href=(self.place.table(&relation.name, "add")) data-add { "Add a row" } }
                a.button href=(self.place.table(&relation.name, "structure")) { "Structure" }
                (self.csv())
                a.button href=(self.export("json")) download { "JSON" }
            }
            @if let Some(comment) = &relation.comment { p.quiet { (comment) } }
        }
    }

    fn number_of_rows(&self) -> Markup {
        let count = View {
            counts: true,
            ..self.view.clone()
        };
        html! {
            @match (&self.total, self.table.relation.estimate) {
                (Some(Err(failure)), _) => { "could not be counted: " (failure.to_string()) },
                (Some(Ok(1)), _) => "1 row",
                (Some(Ok(total)), _) => { (counted(*total)) " rows" },
                (None, Some(rows)) if self.view.filters.is_empty() => {
                    (estimated(rows)) " rows · " a href=(count.at_path(&self.path())) { "count" }
                },
                _ => a href=(count.at_path(&self.path())) { "count the rows" },
            }
        }
    }

    /// The button for the rows as comma-separated values, and the choice that belongs to it.
    fn csv(&self) -> Markup {
        html! {
            form.csv method="get" action=(self.file("csv")) {
                @for (name, value) in self.view.restarted().parameters() {
                    input type="hidden" name=(name) value=(value);
                }
                button type="submit" { "CSV" }
                (Formulas::AsText.choice())
            }
        }
    }

    fn export(&self, format: &str) -> String {
        self.view.restarted().at_path(&self.file(format))
    }

    fn file(&self, format: &str) -> String {
        let name = &self.table.relation.name;
        self.place.table(name, &format!("export.{format}"))
    }
}
