//! SQL in the current schema.

mod form;

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};

use super::{Here, answer, at_each_place};
use crate::csv::{self, Formulas};
use crate::data::{self, Answer, Limits, Refusal};
use crate::error::Failure;
use crate::page::{Page, Tab};
use crate::studio::Studio;
use form::Asked;
pub(super) use form::{IN_ADDRESS, behind, history, number, past, script};

pub(super) fn routes() -> Router<Studio> {
    at_each_place("/sql", get(show).post(run))
}

/// Shows the SQL of the address; it is not run.
async fn show(here: Here) -> Result<Response, Failure> {
    let asked = Asked::of(here.uri.query(), &here.studio);
    whole(&here, &asked, &html! {}).await
}

async fn run(here: Here, body: String) -> Result<Response, Failure> {
    let asked = Asked::of(Some(&body), &here.studio);
    let answered = answered(&here, &asked).await;
    let status = match &answered {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::BAD_REQUEST,
    };
    if asked.is_file
        && let Ok(answer) = &answered
    {
        let name = format!("{}-sql", here.place.label());
        return Ok(answer::file(&name, csv(answer, asked.formulas)));
    }
    let result = match &answered {
        Ok(answer) => result(&here, &asked, answer),
        Err(refusal) => answer::refusal(refusal, &asked.sql),
    };
    if asked.is_part {
        return Ok((status, result).into_response());
    }
    let page = whole(&here, &asked, &result).await?;
    Ok((status, page).into_response())
}

async fn answered(here: &Here, asked: &Asked) -> Result<Answer, Refusal> {
    let letters = if asked.is_file {
        answer::LETTERS_IN_FILE
    } else {
        answer::LETTERS
    };
    let limits = Limits {
        rows: asked.rows,
        letters,
    };
    let timeout = Duration::from_secs(asked.seconds);
    if here.studio.options().write {
        let _permit = here.studio.permit().await.map_err(Refusal::other)?;
        let how = (&here.place, timeout);
        return data::perform(here.studio.pool(), how, &asked.sql, limits).await;
    }
    let reading = here.studio.read_for(&here.place, timeout).await;
    let reading = reading.map_err(Refusal::other)?;
    let answered = data::ask(&reading, &asked.sql, limits).await;
    reading.end();
    answered
}

async fn whole(here: &Here, asked: &Asked, result: &Markup) -> Result<Response, Failure> {
    let reading = here.read().await?;
    let tables = data::relations(&reading).await?;
    reading.end();
    let body = html! {
        h1 { "SQL in " (here.place.label()) }
        (form::form(here, asked))
        section #result aria-label="Result" { (result) }
        (form::help(&here.studio))
        (form::script(&here.studio))
    };
    let page = Page {
        side: Some((&tables, None)),
        ..here.page(Tab::Sql, "SQL")
    };
    Ok(page.answer(&body))
}

/// What the statement gave, and how to come back to it.
fn result(here: &Here, asked: &Asked, answer: &Answer) -> Markup {
    html! {
        p.bar role="status" {
            span { (summary(here, answer)) }
            span.quiet { (answer::time(answer.took)) }
            @if let Some(link) = asked.link(&here.place) { a href=(link) { "Link to this text" } }
        }
        @if !answer.fields.is_empty() || !answer.rows.is_empty() { (answer::grid(answer)) }
    }
}

fn summary(here: &Here, answer: &Answer) -> String {
    let shown = answer::rows(answer.rows.len());
    let done = if here.studio.options().write {
        "Committed. "
    } else {
        ""
    };
    match (answer.is_cut, answer.counted) {
        (true, Some(all)) => format!("{done}The first {shown} of {all}"),
        (true, None) => format!("The first {shown}; there are more"),
        (false, Some(all)) if answer.fields.is_empty() => format!("{done}Rows affected: {all}"),
        (false, _) => format!("{done}{shown}"),
    }
}

fn csv(answer: &Answer, formulas: Formulas) -> String {
    let names = answer
        .fields
        .iter()
        .map(|field| csv::Value::text(&field.name));
    let mut text = csv::line(names, formulas);
    for row in &answer.rows {
        let values = row.iter().map(|value| value.as_ref().map(answer::in_file));
        let values = values.collect::<Vec<_>>();
        let values = values.iter().zip(&answer.fields);
        let values =
            values.map(|(text, field)| csv::Value::new(text.as_deref(), field.is_number()));
        text.push_str(&csv::line(values, formulas));
    }
    text
}
