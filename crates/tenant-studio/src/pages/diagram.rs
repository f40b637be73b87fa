//! The tables of a schema and the foreign keys between them, as a drawing.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::html;

use super::{Here, at_each_place};
use crate::data;
use crate::diagram;
use crate::error::Failure;
use crate::page::Tab;

/// More tables than these make no drawing that anybody could read.
const MOST: usize = 120;

pub(super) fn routes() -> Router<crate::Studio> {
    at_each_place("/diagram", get(show))
}

async fn show(here: Here) -> Result<Response, Failure> {
    let reading = here.read().await?;
    let tables = data::relations(&reading).await?;
    let drawn = tables.iter().filter(|table| table.kind.has_keys());
    let drawn = drawn.take(MOST).collect::<Vec<_>>();
    let (outlines, keys) = data::outlines(&reading, &drawn).await?;
    reading.end();
    let body = html! {
        h1 { "Diagram" }
        @if drawn.len() == MOST {
            p.note { "Only the first " (MOST) " tables are drawn. The structure of a table has its neighbours." }
        }
        @if outlines.is_empty() {
            p.empty { "There are no tables in this schema yet." }
        } @else {
            (diagram::draw(&here.place, None, &outlines, &keys))
        }
    };
    Ok(here.page(Tab::Diagram, "Diagram").answer(&body))
}
