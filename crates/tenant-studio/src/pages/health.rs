//! What the health check finds, and what to do about it.

mod kind;

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use tenant_core::remedy::Command;
use tenant_core::{Health, PoolError, Problem};

use crate::error::{Failure, causes};
use crate::page::{Page, Tab};
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;
use kind::Kind;

/// How many problems of a kind are shown.
const SHOWN: usize = 200;

/// How many different problems are summed up.
const SUMMED_UP: usize = 30;

pub(super) fn routes() -> Router<Studio> {
    Router::new().route("/health", get(ask).post(check))
}

async fn ask(State(studio): State<Studio>, uri: Uri) -> Response {
    page(
        &studio,
        &uri,
        &html! { h1 { "Health" } (form("Check now")) },
    )
}

async fn check(State(studio): State<Studio>, uri: Uri) -> Result<Response, Failure> {
    let checked = studio.tenants().health().await;
    let health = checked.map_err(|error| match error {
        tenant_core::Error::NotSetUp { table } => Failure::Pool(PoolError::NotSetUp { table }),
        error => error.into(),
    })?;
    let body = html! {
        h1 { "Health" }
        (summary(&health))
        (form("Check again"))
        @for (kind, problems) in grouped(&health.problems) { (group(&studio, kind, &problems)) }
    };
    Ok(page(&studio, &uri, &body))
}

fn form(verb: &str) -> Markup {
    html! {
        form method="post" action="health" {
            p.quiet { "Compares the public schema and all tenants with the migrations of this \
                program. Reports pending and unknown migrations, drift, and orphaned schemas. If no \
                expected definition is stored, a trial run applies the migrations to scratch schemas \
                and is rolled back." }
            p { button.button.main type="submit" { (verb) } }
        }
    }
}

fn summary(health: &Health) -> Markup {
    let count = health.problems.len();
    html! {
        p role="status" {
            @if health.is_healthy() { span.badge.good { "healthy" } }
            @else if count == 0 { span.badge.bad { "not compared" } }
            @else { span.badge.bad { (count) @if count == 1 { " problem" } @else { " problems" } } }
            " " (health.checked) @if health.checked == 1 { " tenant was" } @else { " tenants were" } " checked."
            @if let Some(count) = health.as_expected {
                " " (count) @if count == 1 { " has" } @else { " have" } " the expected definition."
            }
        }
        @if count > 1 { (groups(health)) }
        @if let Some(error) = &health.not_checked {
            p.note { "The tenants were not compared with the expected definition, because the \
                trial run of the migrations failed: " (causes(error)) }
        }
        @if !health.varying.is_empty() {
            p.note { "Not compared, because each run of the migrations gives another result: "
                (health.varying.join(", ")) }
        }
    }
}

/// How many tenants have what.
fn groups(health: &Health) -> Markup {
    html! {
        ul { @for (detail, problems) in health.groups().iter().take(SUMMED_UP) {
            li { (problems.len()) @if problems.len() == 1 { " tenant: " } @else { " tenants: " } (detail) }
        } }
    }
}

fn grouped(problems: &[Problem]) -> BTreeMap<Kind, Vec<&Problem>> {
    let mut groups = BTreeMap::<Kind, Vec<&Problem>>::new();
    for problem in problems {
        groups
            .entry(Kind::of(&problem.kind))
            .or_default()
            .push(problem);
    }
    groups
}

fn group(studio: &Studio, kind: Kind, problems: &[&Problem]) -> Markup {
    html! {
        h2 { (kind.name()) " " span.count { (problems.len()) } }
        div.scroll { table.list data-rows {
            thead { tr {
                th scope="col" { "Tenant" } th scope="col" { "Problem" }
                th scope="col" { "Hint" }
            } }
            tbody { @for problem in problems.iter().take(SHOWN) { tr {
                th scope="row" { (whose(problem)) }
                td { (causes(&problem.kind)) }
                td { (studio.remedies().show(&problem.remedies(studio.tenants().registry()))) @for sql in problem.sql(studio.tenants().registry()) { pre.sql { (sql) ";" } } }
            } } }
        } }
        @if problems.len() > SHOWN {
            p.quiet { "Only the first " (SHOWN) " are shown. "
                (studio.remedies().show(&[Command::CheckTenants.into()])) }
        }
    }
}

fn whose(problem: &Problem) -> Markup {
    html! {
        @match problem.tenant.as_deref() {
            None => a href="public" { "public" },
            Some(name) => @match ShownSchema::named(name) {
                Ok(tenant) if Kind::of(&problem.kind).has_pages() => {
                    a href=(tenant.path()) { (name) }
                },
                _ => (name),
            },
        }
    }
}

fn page(studio: &Studio, uri: &Uri, body: &Markup) -> Response {
    let page = Page {
        studio,
        place: None,
        uri,
        tab: Tab::Health,
        title: "Health".to_owned(),
        side: None,
    };
    page.answer(body)
}
