//! [`Failure`]: what a page answers with instead, as a page with a status.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::html;
use tenant_core::remedy::Advice;
use tenant_core::{PgError, PoolError, Registry, Remedy};
use thiserror::Error;

use crate::page::bare;
use crate::problem;
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;

/// Why there is no page.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// What the address names is not there.
    #[error("{0}")]
    NotFound(String),
    /// The schema has no table of this name.
    #[error("there is no table or view `{name}` in `{}`", place.label())]
    NoTable {
        /// Where it was looked for.
        place: ShownSchema,
        name: String,
    },
    /// More is asked at the same time than the database should have to do.
    #[error("all {0} connections of the studio are in use")]
    Busy(usize),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Wrong(String),
    /// Nothing is to be changed here.
    #[error("this studio is read-only: rows cannot be changed")]
    ReadOnly,
    /// There is no connection in the schema.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The server refused a question.
    #[error("{what} failed: {source}")]
    Query {
        /// What was asked.
        what: &'static str,
        source: PgError,
    },
    /// A question about all tenants.
    #[error(transparent)]
    Tenants(#[from] tenant_core::Error),
}

impl Failure {
    /// Names what the driver's error was about.
    pub(crate) fn of(what: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |error| Self::Query {
            what,
            source: error.into(),
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) | Self::NoTable { .. } | Self::Pool(PoolError::Unknown(_)) => {
                StatusCode::NOT_FOUND
            }
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::ReadOnly => StatusCode::FORBIDDEN,
            Self::Wrong(_) | Self::Query { .. } => StatusCode::BAD_REQUEST,
            Self::Pool(
                PoolError::Connect(_) | PoolError::Exhausted { .. } | PoolError::NotSetUp { .. },
            ) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Pool(_) | Self::Tenants(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What to do next, in the library's terms.
    fn remedies(&self, registry: &Registry) -> Vec<Remedy> {
        match self {
            Self::Pool(PoolError::Connect(_)) | Self::Query { .. } => Vec::new(),
            Self::Pool(error) => error.remedies(),
            Self::Tenants(error) => error.remedies_for(registry),
            Self::ReadOnly => vec![Advice::AllowChanges.into()],
            _ => Vec::new(),
        }
    }

    /// What to do next, where that is the studio's own business.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Pool(PoolError::Query(_) | PoolError::Driver(_)) => Some(
                "Check that the role of the studio may use this schema: \
                 GRANT USAGE ON SCHEMA ... TO ...",
            ),
            Self::Pool(PoolError::Connect(_)) => Some("Start the server, then reload this page."),
            Self::Busy(_) => {
                Some("Wait until an export or another page is done, then reload this page.")
            }
            Self::NoTable { .. } => {
                Some("Check whether the migration that creates it is pending for this tenant.")
            }
            Self::Query { source, .. } if source.sqlstate() == Some("55P03") => {
                Some("Another session, perhaps a migration, is changing the table. Try again.")
            }
            Self::Query { source, .. } if source.sqlstate() == Some("57014") => Some(
                "The query reached the time limit of a page. Filter for fewer rows, or sort by a \
                 column that has an index.",
            ),
            _ => None,
        }
    }
}

impl IntoResponse for Failure {
    /// The page is made by [`render`], which knows the studio.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Gives each failure its page.
pub(crate) async fn render(State(studio): State<Studio>, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let response = next.run(request).await;
    match response.extensions().get::<Arc<Failure>>() {
        Some(failure) => failure.page(&uri, &studio),
        None => response,
    }
}

impl Failure {
    fn page(&self, uri: &Uri, studio: &Studio) -> Response {
        let status = self.status();
        let heading = match status {
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::SERVICE_UNAVAILABLE => "Not available",
            _ => "Failed",
        };
        let body = html! {
            h1 { (heading) }
            (problem::error(self.to_string()))
            @if let Some(advice) = self.advice() { (problem::hint(advice)) }
            (studio.remedies().paragraph(&self.remedies(studio.tenants().registry())))
            @if let Self::NoTable { place, .. } = self {
                p { a href=(place.at("tables")) { "The tables of " (place.label()) } }
            }
            p { a href="tenants" { "All tenants" } " · " a href="public" { "The public schema" } }
        };
        (status, bare(heading, uri, &body)).into_response()
    }
}

/// The error's text and those of its causes.
pub(crate) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let mut causes = chain.map(ToString::to_string).collect::<Vec<_>>();
    // A transparent error repeats the text of the one that it wraps.
    causes.dedup();
    causes.join(": ")
}
