//! One query over many tenants, and two tenants compared.

mod compare;
mod form;
mod gather;
mod show;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{Stream, StreamExt, stream};
use maud::{Markup, html};

use super::answer;
use crate::data::{self, Arrival, Limits, Question, Refusal};
use crate::error::Failure;
use crate::page::{Page, Tab};
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;
use form::Asked;
use gather::Gathering;

pub(super) fn routes() -> Router<Studio> {
    Router::new()
        .route("/across", get(show).post(run))
        .route("/across/compare", get(compare::compare))
}

/// Shows the SQL of the address; it is not run.
async fn show(State(studio): State<Studio>, uri: Uri) -> Response {
    let asked = Asked::of(uri.query());
    page(&studio, &uri, &asked, &html! {})
}

async fn run(State(studio): State<Studio>, uri: Uri, body: String) -> Result<Response, Failure> {
    let asked = Asked::of(Some(&body));
    let names = match names(&studio, &asked).await? {
        Ok(names) => names,
        Err(refusal) => return Ok(refused(&studio, &uri, &asked, &refusal)),
    };
    let gathering = Gathering::new(names.len(), asked.rows_in_all);
    let arrivals = data::ask_each(studio.clone(), names, question(&studio, &asked));
    if asked.is_part && !asked.is_file {
        return Ok(streamed(arrivals, gathering, asked.link()));
    }
    let (gathering, parts) = gathered(arrivals, gathering).await;
    if asked.is_file {
        return Ok(answer::file(
            "across-tenants",
            gather::csv(&parts, asked.formulas),
        ));
    }
    let result = show::whole(&gathering, &parts, asked.link());
    Ok(page(&studio, &uri, &asked, &result))
}

/// The tenants to ask, unless the text is no SQL at all: then none of them is.
async fn names(studio: &Studio, asked: &Asked) -> Result<Result<Vec<String>, Refusal>, Failure> {
    let reading = studio.read(&ShownSchema::Public).await?;
    let names = data::chosen(&reading, studio.tenants().registry(), &asked.choice).await?;
    let is_sql = data::is_sql(&reading, &asked.sql).await;
    reading.end();
    Ok(is_sql.map(|()| names))
}

fn question(studio: &Studio, asked: &Asked) -> Question {
    let letters = if asked.is_file {
        answer::LETTERS_IN_FILE
    } else {
        answer::LETTERS
    };
    let usual = studio.options().statement_timeout;
    Question {
        sql: Arc::from(asked.sql.as_str()),
        limits: Limits {
            rows: asked.rows_of_each.min(asked.rows_in_all),
            letters,
        },
        timeout: asked.seconds.map_or(usual, Duration::from_secs),
    }
}

async fn gathered(
    arrivals: impl Stream<Item = Arrival>,
    mut gathering: Gathering,
) -> (Gathering, Vec<gather::Part>) {
    let mut arrivals = pin!(arrivals);
    let mut parts = Vec::new();
    while !gathering.is_full()
        && let Some(arrival) = arrivals.next().await
    {
        parts.push(gathering.take(arrival));
    }
    (gathering, parts)
}

/// A line of JSON for the frame, one for each tenant as it answers, and the last.
fn streamed(
    arrivals: impl Stream<Item = Arrival> + Send + 'static,
    gathering: Gathering,
    link: Option<String>,
) -> Response {
    let first = stream::iter([show::frame_line(&gathering, link)]);
    let state = Some((Box::pin(arrivals), gathering));
    let lines = stream::unfold(state, async |state| {
        let (mut arrivals, mut gathering) = state?;
        if !gathering.is_full()
            && let Some(arrival) = arrivals.next().await
        {
            let part = gathering.take(arrival);
            let line = show::line(&gathering, &part);
            return Some((line, Some((arrivals, gathering))));
        }
        Some((show::last_line(&gathering), None))
    });
    let body = Body::from_stream(first.chain(lines).map(Ok::<_, Infallible>));
    ([(CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}

fn refused(studio: &Studio, uri: &Uri, asked: &Asked, refusal: &Refusal) -> Response {
    let result = answer::refusal(refusal, &asked.sql);
    let answer = if asked.is_part {
        result.into_response()
    } else {
        page(studio, uri, asked, &result)
    };
    (StatusCode::BAD_REQUEST, answer).into_response()
}

fn page(studio: &Studio, uri: &Uri, asked: &Asked, result: &Markup) -> Response {
    let body = html! {
        h1 { "One query across tenants" }
        p { "Or " a href="across/compare" { "compare two tenants" } "." }
        (form::form(studio, asked))
        section #result aria-label="Result" { (result) }
        (form::help(studio))
        (super::console::script(studio))
    };
    plain(studio, uri, "Across tenants", &body)
}

fn plain(studio: &Studio, uri: &Uri, title: &str, body: &Markup) -> Response {
    let page = Page {
        studio,
        place: None,
        uri,
        tab: Tab::Across,
        title: title.to_owned(),
        side: None,
    };
    page.answer(body)
}
