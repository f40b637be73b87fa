//! The HTTP routes.

mod boards;
mod cards;
mod details;
mod members;
mod organizations;

use axum::Router;
use axum::routing::{delete, get, post, put};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::{Database, Error};

/// The id of a row in a path.
#[derive(Debug, Deserialize)]
struct Id {
    id: i64,
}

/// Returns all routes. The routes of an organization start with its slug.
pub fn router(database: Database) -> Router {
    Router::new()
        .route("/orgs", post(organizations::sign_up))
        .nest("/orgs/{slug}", of_organization())
        .fallback(async || Error::NotFound("path"))
        .with_state(database)
}

/// Answers requests until `end` resolves.
///
/// # Errors
///
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    database: Database,
    end: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(database))
        .with_graceful_shutdown(end)
        .await
}

fn of_organization() -> Router<Database> {
    let organization = get(organizations::show)
        .patch(organizations::change_plan)
        .delete(organizations::delete);
    Router::new()
        .route("/", organization)
        .route("/members", get(members::list).post(members::invite))
        .route(
            "/members/{id}",
            put(members::set_role).delete(members::remove),
        )
        .route("/templates", get(boards::templates))
        .route("/boards", get(boards::list).post(boards::create))
        .route(
            "/boards/{id}",
            get(boards::show)
                .patch(boards::update)
                .delete(boards::archive),
        )
        .route("/boards/{id}/document", get(boards::document))
        .route(
            "/boards/{id}/columns",
            post(boards::add_column).put(boards::reorder),
        )
        .route(
            "/columns/{id}",
            put(boards::rename_column).delete(boards::remove_column),
        )
        .route("/boards/{id}/cards", get(cards::page))
        .route("/cards", get(cards::search).post(cards::create))
        .route("/cards/overdue", get(cards::overdue))
        .route(
            "/cards/{id}",
            get(cards::show).patch(cards::update).delete(cards::archive),
        )
        .route("/cards/{id}/column", put(cards::move_to))
        .route(
            "/cards/{id}/comments",
            get(details::comments).post(details::comment),
        )
        .route(
            "/cards/{id}/labels",
            get(details::labels_of_card).put(details::label),
        )
        .route("/cards/{id}/labels/{label}", delete(details::unlabel))
        .route(
            "/cards/{id}/attachments",
            get(details::attachments).put(details::attach),
        )
        .route("/cards/{id}/activity", get(details::activity_of_card))
        .route("/comments/{id}", delete(details::remove_comment))
        .route("/attachments/{id}", delete(details::remove_attachment))
        .route("/labels", get(details::labels))
        .route("/activity", get(details::activity))
        .route("/digests", get(details::digests))
}
