//! One file for each kind of page. Each brings its routes.

mod across;
mod answer;
mod console;
mod diagram;
mod edit;
pub(crate) mod entry;
mod export;
mod grid;
mod health;
mod here;
mod migrations;
mod record;
mod structure;
mod switch;
mod tables;
mod tenants;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{MethodRouter, get};

use crate::error::Failure;
use crate::studio::Studio;

pub(crate) use here::Here;

/// All pages.
pub(crate) fn routes() -> Router<Studio> {
    Router::new()
        .route("/", get(async || Redirect::to("tenants")))
        .merge(tenants::routes())
        .merge(switch::routes())
        .merge(tables::routes())
        .merge(grid::routes())
        .merge(record::routes())
        .merge(structure::routes())
        .merge(diagram::routes())
        .merge(export::routes())
        .merge(migrations::routes())
        .merge(health::routes())
        .merge(across::routes())
        .merge(console::routes())
        .merge(edit::routes())
}

/// An address that no page has.
pub(crate) async fn nowhere() -> Failure {
    Failure::NotFound("there is no such page".to_owned())
}

/// The routes of a page that every place has: `page` begins with a slash.
fn at_each_place(page: &str, methods: MethodRouter<Studio>) -> Router<Studio> {
    Router::new()
        .route(&format!("/public{page}"), methods.clone())
        .route(&format!("/t/{{tenant}}{page}"), methods)
}
