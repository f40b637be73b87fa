//! One migration: its SQL, and the tenants that lack it.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use tenant_core::Migration;

use super::fleet::{Asked, Fleet, tenants};
use crate::error::Failure;
use crate::page::{Page, Tab};
use crate::problem;
use crate::studio::Studio;
use crate::url;

pub(super) fn routes() -> Router<Studio> {
    Router::new()
        .route("/migrations/public/{version}", get(public))
        .route("/migrations/tenant/{version}", get(tenant))
}

async fn public(
    State(studio): State<Studio>,
    Path(version): Path<String>,
    uri: Uri,
) -> Result<Response, Failure> {
    let mut all = studio.tenants().migrations().public.iter();
    let found = all.find(|one| *one.version() == version);
    let found = found.ok_or_else(|| nobody(&version))?;
    let body = html! {
        (heading(found, "of the public schema"))
        p { a href="public/migrations" { "Whether it is applied" } }
        (sql(found))
    };
    Ok(page(&studio, &uri, found.name()).answer(&body))
}

async fn tenant(
    State(studio): State<Studio>,
    Path(version): Path<String>,
    uri: Uri,
) -> Result<Response, Failure> {
    let fleet = Fleet::read(&studio).await?;
    let mut all = studio.tenants().migrations().tenant.iter();
    let found = all.find(|one| *one.version() == version);
    let is_known = found.is_some() || fleet.unknown().any(|(one, _)| one == version);
    if !is_known {
        return Err(nobody(&version));
    }
    let body = html! {
        @match found {
            Some(found) => { (heading(found, "of the tenants")) (sql(found)) },
            None => {
                h1.mono { (version) }
                p.note { "This program does not have this migration: another one has applied it, \
                          or its folder was deleted." }
            },
        }
        (concerned(&fleet, (&version, found.is_some()), &uri))
    };
    let title = found.map_or(version.as_str(), Migration::name);
    Ok(page(&studio, &uri, title).answer(&body))
}

fn heading(one: &Migration, whose: &str) -> Markup {
    html! {
        div.bar {
            h1 { (one.name()) }
            span.badge { (whose) }
            @if !one.in_transaction() {
                span.badge title="If it fails, earlier statements stay in effect" { "outside a transaction" }
            }
        }
        p.quiet { "Version " span.mono { (one.version()) } }
        @if let Some(refusal) = one.refusal() {
            (problem::error(format!("this migration cannot run: up.sql, {refusal}")))
        }
    }
}

fn sql(one: &Migration) -> Markup {
    html! {
        h2 #sql { "up.sql" }
        pre.value tabindex="0" aria-labelledby="sql" { (one.sql().trim_end()) }
    }
}

/// The tenants without a known migration, or the tenants with an unknown one.
fn concerned(fleet: &Fleet, (version, is_known): (&str, bool), uri: &Uri) -> Markup {
    let text = url::parameter(uri.query(), "q").unwrap_or_default();
    let offset = url::parameter(uri.query(), "offset").and_then(|at| at.parse().ok());
    let path = uri.path().trim_start_matches('/');
    let concerned = fleet.concerned(version);
    let at = |offset: usize| {
        let text = Some(("q", text.clone())).filter(|(_, text)| !text.is_empty());
        let offset = (offset > 0).then(|| ("offset", offset.to_string()));
        url::with(path, text.into_iter().chain(offset))
    };
    let asked = Asked {
        text: &text,
        offset: offset.unwrap_or(0),
    };
    html! {
        h2 { @if is_known { "Pending for" } @else { "Applied for" } }
        (fleet.not_counted())
        @if is_known { p.quiet { (fleet.having(version)) " of " (fleet.tenants()) " tenants have applied it." } }
        @if concerned.is_empty() {
            p.empty { @if fleet.unread() > 0 { "None of the tenants that could be read." } @else { "None." } }
        } @else {
            form.search method="get" action=(path) role="search" data-short {
                input type="search" name="q" value=(text) autocomplete="off" spellcheck="false"
                    aria-label="Search these tenants" placeholder="Search by name";
                button.button type="submit" { "Search" }
            }
            (tenants(&concerned, &asked, at))
        }
    }
}

fn page<'a>(studio: &'a Studio, uri: &'a Uri, title: &str) -> Page<'a> {
    Page {
        studio,
        place: None,
        uri,
        tab: Tab::AllMigrations,
        title: title.to_owned(),
        side: None,
    }
}

fn nobody(version: &str) -> Failure {
    Failure::NotFound(format!(
        "there is no migration with the version `{version}`"
    ))
}
