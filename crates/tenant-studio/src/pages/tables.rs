//! The tables and views of a schema.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};

use super::{Here, at_each_place};
use crate::data::{self, Relation};
use crate::error::Failure;
use crate::shown_schema::ShownSchema;
use crate::words::{broken, bytes, estimated};

pub(super) fn routes() -> Router<crate::Studio> {
    at_each_place("", get(list)).merge(at_each_place("/tables", get(list)))
}

async fn list(here: Here) -> Result<Response, Failure> {
    let reading = here.read().await?;
    let mut tables = data::relations(&reading).await?;
    let database = here.studio.tenants().database();
    let unread = data::measure(&reading, database, &mut tables).await.err();
    reading.end();
    let body = html! {
        h1 { "Tables and views" }
        @if tables.is_empty() {
            p.empty { "This schema has no tables." }
        } @else {
            @if let Some(reason) = &unread {
                p.note { "The sizes could not be read: " (reason.to_string()) }
            }
            (table(&here.place, &tables))
        }
    };
    Ok(here.page_beside(&tables, None).answer(&body))
}

fn table(place: &ShownSchema, tables: &[Relation]) -> Markup {
    html! {
        div.scroll {
            table.list {
                thead { tr {
                    th scope="col" { "Name" }
                    th scope="col" { "Kind" }
                    th.number scope="col" { "Rows (estimated)" }
                    th.number scope="col" { "Size" }
                    th scope="col" { "Comment" }
                    th scope="col" { span.hidden { "Structure" } }
                } }
                tbody {
                    @for table in tables { (row(place, table)) }
                }
            }
        }
    }
}

fn row(place: &ShownSchema, table: &Relation) -> Markup {
    html! {
        tr {
            th scope="row" {
                a href=(place.rows(&table.name)) {
                    span.(table.kind.class()) aria-hidden="true" {} " " (broken(&table.name))
                }
            }
            td.quiet { (table.kind.name()) }
            td.number { (table.estimate.map_or_else(|| "–".to_owned(), estimated)) }
            td.number { (table.size.map_or_else(|| "–".to_owned(), bytes)) }
            td.quiet { (table.comment.as_deref().unwrap_or_default()) }
            td { a href=(place.table(&table.name, "structure"))
                aria-label=(format!("Structure of {}", table.name)) { "structure" } }
        }
    }
}
