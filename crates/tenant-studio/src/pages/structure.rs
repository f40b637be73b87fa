//! What a table is made of.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};

use super::{Here, at_each_place};
use crate::data::{self, Column, Constraint, Details, Outline, Table};
use crate::diagram::{Columns, Diagram};
use crate::error::Failure;
use crate::shown_schema::{ShownSchema, TableName};
use crate::words::bytes;

pub(super) fn routes() -> Router<crate::Studio> {
    at_each_place("/table/{table}/structure", get(show))
}

async fn show(here: Here, TableName(name): TableName) -> Result<Response, Failure> {
    let reading = here.read().await?;
    let tables = data::relations(&reading).await?;
    let table = Table::read(&reading, &name).await?;
    let details = table.details(&reading).await?;
    let names = neighbours(&table);
    let near = tables
        .iter()
        .filter(|one| names.contains(&one.name.as_str()));
    let (outlines, keys) = data::outlines(&reading, &near.collect::<Vec<_>>()).await?;
    reading.end();
    let body = html! {
        div.bar {
            h1 { (name) }
            span.badge { (table.relation.kind.name()) }
            span.gap {}
            a.button href=(here.place.rows(&name)) { "Rows" }
        }
        @if let Some(comment) = &table.relation.comment { p.quiet { (comment) } }
        h2 { "Columns" }
        (columns(&table.columns))
        (enums(&table.columns))
        (constraints(&here.place, &table))
        (indexes(&details))
        (triggers(&details))
        @if let Some(view) = &details.view {
            h2 { "Query" }
            div.value { (view) }
        }
        (relations(&here.place, &name, &outlines, &keys))
    };
    Ok(here.page_beside(&tables, Some(&name)).answer(&body))
}

/// The table and those that a foreign key links with it.
fn neighbours(table: &Table) -> Vec<&str> {
    let targets = table.foreign_keys().filter_map(|key| key.target.as_ref());
    let targets = targets.filter(|target| target.schema == table.schema);
    let targets = targets.map(|target| target.table.as_str());
    let incoming = table.incoming.iter().map(|key| key.table.as_str());
    let own = std::iter::once(table.relation.name.as_str());
    own.chain(targets).chain(incoming).collect()
}

fn columns(columns: &[Column]) -> Markup {
    html! {
        div.scroll { table.list {
            thead { tr {
                th scope="col" { "Name" } th scope="col" { "Type" } th scope="col" { "NULL" }
                th scope="col" { "Default" } th scope="col" { "Comment" }
            } }
            tbody { @for column in columns { tr {
                th scope="row" { (column.name) }
                td.mono { (column.type_name) }
                td { @if column.not_null { span.quiet { "not null" } } @else { "nullable" } }
                td.mono {
                    @if column.is_identity { "identity" }
                    @if column.is_generated { "generated: " }
                    (column.default.as_deref().unwrap_or_default())
                }
                td.quiet { (column.comment.as_deref().unwrap_or_default()) }
            } } }
        } }
    }
}

fn enums(columns: &[Column]) -> Markup {
    let mut seen = Vec::new();
    let mut enums = Vec::new();
    for column in columns.iter().filter(|column| !column.labels.is_empty()) {
        if !seen.contains(&&column.bare_type) {
            seen.push(&column.bare_type);
            enums.push(column);
        }
    }
    html! {
        @if !enums.is_empty() {
            h2 { "Values of enums" }
            div.scroll { table.list { tbody { @for column in enums { tr {
                th scope="row" { (column.bare_type) }
                td.mono { (column.labels.join(", ")) }
            } } } } }
        }
    }
}

fn constraints(place: &ShownSchema, table: &Table) -> Markup {
    let row = |constraint: &Constraint| {
        html! { tr {
            th scope="row" { (constraint.name) }
            td.quiet { (constraint.kind()) }
            td.mono { (constraint.definition) }
            td { @if let Some((link, name)) = target(place, table, constraint) { a href=(link) { (name) } } }
        } }
    };
    html! {
        @if !table.constraints.is_empty() {
            h2 { "Constraints" }
            div.scroll { table.list { tbody { @for one in &table.constraints { (row(one)) } } } }
        }
        @if !table.incoming.is_empty() {
            h2 { "Foreign keys that refer to this table" }
            div.scroll { table.list { tbody { @for one in &table.incoming { tr {
                th scope="row" { a href=(place.table(&one.table, "structure")) { (one.table) } }
                td.quiet { (one.name) }
                td.mono { (one.definition) }
            } } } } }
        }
    }
}

/// The table that a foreign key leads to.
fn target<'a>(
    place: &ShownSchema,
    table: &Table,
    constraint: &'a Constraint,
) -> Option<(String, &'a str)> {
    let target = constraint.target.as_ref()?;
    let link = table
        .place_of(target, place)?
        .table(&target.table, "structure");
    Some((link, &target.table))
}

fn indexes(details: &Details) -> Markup {
    html! {
        @if !details.indexes.is_empty() {
            h2 { "Indexes" }
            div.scroll { table.list {
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "Definition" }
                    th.number scope="col" { "Size" } th.number scope="col" { "Scans" }
                } }
                tbody { @for index in &details.indexes { tr {
                    th scope="row" { (index.name)
                        @if !index.is_valid { " " span.badge.bad { "invalid" } } }
                    td.mono { (index.definition) }
                    td.number { (bytes(index.size)) }
                    td.number { (index.scans.map_or_else(|| "–".to_owned(), |scans| scans.to_string())) }
                } } }
            } }
        }
    }
}

fn triggers(details: &Details) -> Markup {
    html! {
        @if !details.triggers.is_empty() {
            h2 { "Triggers" }
            div.scroll { table.list { tbody { @for trigger in &details.triggers { tr {
                th scope="row" { (trigger.name)
                    @if !trigger.is_enabled { " " span.badge { "disabled" } } }
                td.mono { (trigger.definition) }
            } } } } }
        }
    }
}

fn relations(place: &ShownSchema, open: &str, outlines: &[Outline], keys: &[Constraint]) -> Markup {
    let diagram = Diagram {
        place,
        open: Some(open),
        columns: Columns::All,
        is_page: false,
    };
    html! {
        @if outlines.len() > 1 {
            h2 { "Relations" }
            (diagram.draw(outlines, keys))
        }
    }
}
