//! The migrations of all tenants.

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use tenant_core::MigrationSet;
use tenant_core::remedy::Command;

use super::fleet::{Asked, Fleet, tenants};
use crate::data::{self, Applied};
use crate::error::Failure;
use crate::page::{Page, Tab};
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;
use crate::url::{self, segment};

pub(super) fn routes() -> Router<Studio> {
    Router::new().route("/migrations", get(show))
}

async fn show(State(studio): State<Studio>, uri: Uri) -> Result<Response, Failure> {
    let text = url::parameter(uri.query(), "q").unwrap_or_default();
    let offset = url::parameter(uri.query(), "offset").and_then(|at| at.parse().ok());
    let reading = studio.read(&ShownSchema::Public).await?;
    let of_public = data::ledger(&reading).await;
    reading.end();
    let fleet = Fleet::read(&studio).await?;
    let migrations = studio.tenants().migrations();
    let body = html! {
        h1 { "Migrations" }
        @match &of_public {
            Ok(applied) => (public(&migrations.public, applied.as_deref().unwrap_or_default())),
            Err(failure) => p.note { "The public schema could not be read: " (failure.to_string()) },
        }
        h2 { "The tenants" }
        (counts(&migrations.tenant, &fleet))
        (unknown(&fleet))
        (different(&studio, &fleet, &Asked { text: &text, offset: offset.unwrap_or(0) }))
    };
    let page = Page {
        studio: &studio,
        place: None,
        uri: &uri,
        tab: Tab::AllMigrations,
        title: "Migrations".to_owned(),
        side: None,
    };
    Ok(page.answer(&body))
}

fn public(known: &MigrationSet, applied: &[Applied]) -> Markup {
    let pending = known
        .iter()
        .filter(|one| super::find(applied, one).is_none());
    let pending = pending.count();
    html! {
        p {
            a href="public/migrations" { "The public schema" } " has "
            (known.iter().len() - pending) " of its " (known.iter().len()) " migrations. "
            @if pending > 0 { span.badge.behind { (pending) " pending" } }
        }
    }
}

/// The migrations, newest first, and how many tenants have each.
fn counts(known: &MigrationSet, fleet: &Fleet) -> Markup {
    html! {
        (fleet.not_counted())
        @if known.iter().len() == 0 {
            p.empty { "This program has no migrations for tenants." }
        } @else {
            div.scroll { table.list {
                thead { tr {
                    th scope="col" { "Migration" } th scope="col" { "Version" }
                    th.number scope="col" { "Applied for" }
                    th.number scope="col" { "Pending for" }
                } }
                tbody { @for one in known.iter().rev() { tr {
                    th scope="row" { a href=(address(one.version().as_str())) { (one.name()) } }
                    td.mono { (one.version()) }
                    td.number { (fleet.having(one.version().as_str())) }
                    td.number { (lacking(fleet.lacking(one.version().as_str()))) }
                } } }
            } }
        }
    }
}

fn lacking(tenants: usize) -> Markup {
    html! {
        @if tenants == 0 { span.quiet { "none" } } @else { span.badge.behind { (tenants) } }
    }
}

fn unknown(fleet: &Fleet) -> Markup {
    let unknown = fleet.unknown().collect::<Vec<_>>();
    html! {
        @if !unknown.is_empty() {
            h2 { "Unknown migrations" }
            div.scroll { table.list {
                thead { tr { th scope="col" { "Version" } th.number scope="col" { "Applied for" } } }
                tbody { @for (version, tenants) in unknown { tr {
                    th.mono scope="row" { a href=(address(version)) { (version) } }
                    td.number { (tenants) }
                } } }
            } }
        }
    }
}

/// The tenants that are not as the program would have them.
fn different(studio: &Studio, fleet: &Fleet, asked: &Asked<'_>) -> Markup {
    let different = fleet.different();
    let at = |offset: usize| {
        let text = Some(("q", asked.text.to_owned())).filter(|(_, text)| !text.is_empty());
        let offset = (offset > 0).then(|| ("offset", offset.to_string()));
        url::with("migrations", text.into_iter().chain(offset))
    };
    html! {
        h2 { "Tenants that differ" }
        @if different.is_empty() {
            p.empty { "All tenants have exactly the migrations of this program." }
        } @else {
            (studio.remedies().paragraph(&[Command::MigrateTenants.into()]))
            form.search method="get" action="migrations" role="search" data-short {
                input type="search" name="q" value=(asked.text) autocomplete="off" spellcheck="false"
                    aria-label="Search the tenants that differ" placeholder="Search by name";
                button.button type="submit" { "Search" }
            }
            (tenants(&different, asked, at))
        }
    }
}

fn address(version: &str) -> String {
    format!("migrations/tenant/{}", segment(version))
}
