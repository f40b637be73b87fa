//! The tables of a schema and the foreign keys between them, as a drawing.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};

use super::{Here, at_each_place};
use crate::data;
use crate::diagram::{Columns, Diagram};
use crate::error::Failure;
use crate::page::Tab;
use crate::url;
use crate::words::named;

/// The largest number of tables that are drawn.
const MOST: usize = 1_000;

/// Of more tables than these, only the keys are drawn unless all columns are asked for.
const FEW: usize = 12;

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
    let open = here.parameter("table");
    let columns = match here.parameter("columns").as_deref() {
        Some("all") => Columns::All,
        Some("keys") => Columns::Keys,
        _ if outlines.len() > FEW => Columns::Keys,
        _ => Columns::All,
    };
    let diagram = Diagram {
        place: &here.place,
        open: open.as_deref(),
        columns,
        is_page: true,
    };
    let body = html! {
        div.bar { h1 { "Diagram" } span.quiet { (named(outlines.len(), "table")) } }
        @if drawn.len() == MOST {
            p.note { "Only the first " (MOST) " tables are drawn. The page of a table's structure shows its neighbors." }
        }
        @if outlines.is_empty() {
            p.empty { "This schema has no tables." }
        } @else {
            (controls(&here, columns))
            (diagram.draw(&outlines, &keys))
        }
    };
    Ok(here.page(Tab::Diagram, "Diagram").answer(&body))
}

/// What the script zooms and searches with, and the choice of columns, which is a link.
fn controls(here: &Here, columns: Columns) -> Markup {
    let (other, label) = match columns {
        Columns::All => ("keys", "Show keys only"),
        Columns::Keys => ("all", "Show all columns"),
    };
    let kept = url::parameters(here.uri.query());
    let kept = kept.iter().filter(|(name, _)| name != "columns");
    let kept = kept.map(|(name, value)| (name.as_str(), value.clone()));
    let link = url::with(
        &here.place.at("diagram"),
        kept.chain([("columns", other.to_owned())]),
    );
    html! {
        div.bar.diagram-controls {
            input type="search" data-find hidden autocomplete="off" spellcheck="false" placeholder="Find a table ( / )"
                aria-label="Find a table" aria-keyshortcuts="/";
            span.zoom role="group" aria-label="Zoom" data-zoom hidden {
                button type="button" data-zoom-by="0.8" aria-label="Zoom out" aria-keyshortcuts="-" title="Zoom out ( - )" { "−" }
                output.quiet data-scale {}
                button type="button" data-zoom-by="1.25" aria-label="Zoom in" aria-keyshortcuts="+" title="Zoom in ( + )" { "+" }
                button type="button" data-fit aria-keyshortcuts="0" title="Show all tables ( 0 )" { "Fit" }
                button type="button" data-full aria-keyshortcuts="1" title="Full size ( 1 )" { "100%" }
            }
            a.button data-columns href=(link) { (label) }
        }
        p.quiet.found role="status" data-found {}
    }
}
