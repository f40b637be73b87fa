//! The stylesheet and the scripts, which are part of the program.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::studio::Studio;

const STYLE: &str = include_str!("assets/studio.css");
const SCRIPT: &str = include_str!("assets/studio.js");
const EDITING: &str = include_str!("assets/edit.js");
const DIAGRAM: &str = include_str!("assets/diagram.js");
const VALUES: &str = include_str!("assets/values.js");
const THEME: &str = include_str!("assets/theme.js");
const CONSOLE: &str = include_str!("assets/console.js");
const ENTER: &str = include_str!("assets/enter.js");
const ICON: &str = include_str!("assets/icon.svg");

pub(crate) fn routes() -> Router<Studio> {
    Router::new()
        .route("/assets/studio.css", get(async || file("text/css", STYLE)))
        .route(
            "/assets/studio.js",
            get(async || file("text/javascript", SCRIPT)),
        )
        .route(
            "/assets/edit.js",
            get(async || file("text/javascript", EDITING)),
        )
        .route(
            "/assets/diagram.js",
            get(async || file("text/javascript", DIAGRAM)),
        )
        .route(
            "/assets/values.js",
            get(async || file("text/javascript", VALUES)),
        )
        .route(
            "/assets/enter.js",
            get(async || file("text/javascript", ENTER)),
        )
        .route(
            "/assets/console.js",
            get(async || file("text/javascript", CONSOLE)),
        )
        .route(
            "/assets/theme.js",
            get(async || file("text/javascript", THEME)),
        )
        .route(
            "/assets/icon.svg",
            get(async || file("image/svg+xml", ICON)),
        )
}

/// Pages name these with the edition of the start, so a browser may keep them.
fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (CACHE_CONTROL, "private, max-age=86400".to_owned()),
    ];
    (headers, text).into_response()
}
