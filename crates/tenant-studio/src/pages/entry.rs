//! The pages outside a session: how a browser is let in.

use std::time::Duration;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, http::HeaderValue};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

use crate::entry::{AT_A_TIME, COOKIE, ENTER, Later, Session, Typed, readable};
use crate::page::outside;
use crate::problem;
use crate::studio::Studio;

/// How long a browser without a session may take to send its form.
const FORM: Duration = Duration::from_secs(10);

pub(crate) fn routes() -> Router<Studio> {
    Router::new()
        .route(ENTER, get(knock).post(enter))
        .route("/code", post(code))
        .layer(middleware::from_fn(in_time))
}

/// Ends a request whose form does not arrive.
async fn in_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(FORM, next.run(request)).await;
    answer.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}

const NO_SESSION: &str = "this browser has no session";

/// What a browser brings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Brought {
    key: String,
    ticket: String,
    code: String,
    /// The page that it wants to see, below the path of a session.
    page: String,
}

/// The page behind the printed address. It exchanges the key by a form: a program that
/// only looks at the address, to show what is there, does not use the key up.
async fn knock(State(studio): State<Studio>, Query(brought): Query<Brought>) -> Response {
    if brought.key.is_empty() {
        return closed(&studio, NO_SESSION, "");
    }
    let body = html! {
        h1 { "Studio" }
        form method="post" action=(ENTER) data-enter {
            input type="hidden" name="key" value=(brought.key);
            button.main type="submit" { "Open the studio" }
        }
        script src="/assets/enter.js" {}
    };
    outside("Studio", &body).into_response()
}

async fn enter(State(studio): State<Studio>, Form(brought): Form<Brought>) -> Response {
    if brought.ticket.is_empty() {
        return match studio.exchange(&brought.key) {
            Some((session, start)) => welcome(&session, &start),
            None => {
                let reason = "this key is not valid: each key opens the studio once, while \
                              it runs";
                closed(&studio, reason, "")
            }
        };
    }
    match studio.entry().typed(&brought.ticket, &brought.code) {
        Typed::Right(session) => welcome(&session, &brought.page),
        Typed::Wrong(left) => {
            let wrong = format!("the code is not valid; attempts left: {left}");
            typing(&problem::error(wrong), &brought.ticket, &brought.page)
        }
        Typed::Over => closed(&studio, "this code is no longer valid", &brought.page),
    }
}

/// Prints a code for the page that is the answer.
async fn code(State(studio): State<Studio>, Form(brought): Form<Brought>) -> Response {
    let Some(codes) = &studio.options().codes else {
        return refused("this studio prints no codes");
    };
    let asked = match studio.entry().request() {
        Ok(asked) => asked,
        Err(later) => return too_many(&studio, later, &brought.page),
    };
    codes.print(&readable(asked.code.as_str()), asked.number);
    let number = html! {
        p { "The studio has printed a code in its terminal, for request " (asked.number) "." }
    };
    typing(&number, asked.ticket.as_str(), &brought.page)
}

/// The answer while no code is printed. Codes that were printed stay valid.
fn too_many(studio: &Studio, later: Later, page: &str) -> Response {
    let seconds = later.wait.as_secs() + u64::from(later.wait.subsec_nanos() > 0);
    let reason = match later.is_full {
        true => format!(
            "the studio has printed {AT_A_TIME} codes in the last five minutes; they stay \
             valid; try again in {seconds} seconds"
        ),
        false => format!("a code was printed a moment ago; try again in {seconds} seconds"),
    };
    let mut response = closed(studio, &reason, page);
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn typing(said: &Markup, ticket: &str, page: &str) -> Response {
    let body = html! {
        h1 { "Studio" }
        (said)
        form.search method="post" action=(ENTER) {
            input type="hidden" name="ticket" value=(ticket);
            input type="hidden" name="page" value=(page);
            input.large type="text" name="code" required autofocus autocomplete="off"
                spellcheck="false" autocapitalize="characters" aria-label="Code";
            button.main type="submit" { "Open the studio" }
        }
    };
    outside("Studio", &body).into_response()
}

/// Hands out both halves of the session. The browser goes on from a page of the studio's
/// own, because a redirect that another site began would come without the cookie.
fn welcome(session: &Session, page: &str) -> Response {
    let path = format!("/{}/", session.path.as_str());
    // Below its path, so that nothing in it can name another host.
    let target = format!("{path}{}", page.trim_start_matches('/'));
    let cookie = format!(
        "{COOKIE}={}; Path={path}; HttpOnly; SameSite=Strict",
        session.cookie.as_str()
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="refresh" content=(format!("0; url={target}"));
                // Or else the browser asks for a favicon.ico, which is not there.
                link rel="icon" href="/assets/icon.svg";
                title { "Studio" }
            }
            body { p { a href=(target) { "Open the studio" } } }
        }
    };
    let mut response = page.into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The answer to a browser that no session knows, at the address `uri`.
pub(crate) fn unknown(studio: &Studio, uri: &Uri) -> Response {
    closed(studio, NO_SESSION, &meant(uri))
}

/// The page that an address means below the path of a session, this one's or another's.
fn meant(uri: &Uri) -> String {
    let whole = uri.path_and_query().map_or("", |whole| whole.as_str());
    let whole = whole.trim_start_matches('/');
    let is_path = |first: &str| first.len() == 32 && first.bytes().all(|it| it.is_ascii_hexdigit());
    match whole.split_once('/') {
        Some((first, rest)) if is_path(first) => rest.to_owned(),
        _ => whole.to_owned(),
    }
}

fn closed(studio: &Studio, reason: &str, page: &str) -> Response {
    let body = html! {
        h1 { "Closed" }
        (problem::error(reason))
        @if studio.options().codes.is_some() {
            (problem::hint("To open the studio in this browser, type a code that the studio prints in its terminal."))
            form method="post" action="/code" {
                input type="hidden" name="page" value=(page);
                button.main type="submit" { "Print a code" }
            }
        } @else {
            (problem::hint("Restart the studio to get a new key."))
        }
    };
    (StatusCode::FORBIDDEN, outside("Closed", &body)).into_response()
}

/// The answer to what may not ask at all.
pub(crate) fn refused(reason: &str) -> Response {
    let body = html! {
        h1 { "Closed" }
        (problem::error(reason))
        (problem::hint("Type the address of the studio into the browser, or follow a link on its pages."))
    };
    (StatusCode::FORBIDDEN, outside("Closed", &body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_meant_with_and_without_the_path_of_a_session() {
        let path = "0123456789abcdef0123456789abcdef";
        for (address, page) in [
            ("/".to_owned(), ""),
            ("/t/acme?x=/y".to_owned(), "t/acme?x=/y"),
            (
                format!("/{path}/t/acme/table/a%2Fb?q=1"),
                "t/acme/table/a%2Fb?q=1",
            ),
            (format!("/{path}"), path),
            ("//example.org/x".to_owned(), "example.org/x"),
        ] {
            assert_eq!(meant(&address.parse().unwrap()), page, "{address}");
        }
    }
}
