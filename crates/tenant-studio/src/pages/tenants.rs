//! The start page: a search for tenants.

mod standings;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use tenant_core::remedy::Command;
use tenant_core::{Node, TenantName};

use crate::data::{self, Found, Search, TenantRow};
use crate::error::{Failure, causes};
use crate::page::{Page, Tab};
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;
use crate::url;
use crate::words::{bytes, counted};
use standings::Standings;

/// How long the servers of a cluster are waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many tenants are shown at a time.
const SHOWN: usize = 50;

pub(super) fn routes() -> Router<Studio> {
    Router::new().route("/tenants", get(search))
}

/// What the address asks for.
struct Asked {
    text: String,
    only_behind: bool,
    offset: usize,
    /// With the sizes, which take PostgreSQL longer than all the rest.
    with_sizes: bool,
    /// Only the results, for the page that shows them already.
    is_part: bool,
}

impl Asked {
    fn of(uri: &Uri) -> Self {
        let parameter = |name| url::parameter(uri.query(), name);
        Self {
            text: parameter("q").unwrap_or_default(),
            only_behind: parameter("behind").is_some(),
            offset: parameter("offset")
                .and_then(|at| at.parse().ok())
                .unwrap_or(0),
            with_sizes: parameter("sizes").is_some(),
            is_part: parameter("part").is_some(),
        }
    }

    /// The address of the results from `offset` on.
    fn at(&self, offset: usize) -> String {
        url::with("tenants", self.parameters(offset))
    }

    /// The same results with their sizes.
    fn measured(&self) -> String {
        let sizes = std::iter::once(("sizes", "1".to_owned()));
        url::with("tenants", self.parameters(self.offset).chain(sizes))
    }

    fn parameters(&self, offset: usize) -> impl Iterator<Item = (&'static str, String)> {
        let text = Some(("q", self.text.clone())).filter(|(_, text)| !text.is_empty());
        let behind = self.only_behind.then(|| ("behind", "1".to_owned()));
        let offset = (offset > 0).then(|| ("offset", offset.to_string()));
        text.into_iter().chain(behind).chain(offset)
    }
}

async fn search(State(studio): State<Studio>, uri: Uri) -> Result<Response, Failure> {
    let asked = Asked::of(&uri);
    let newest = studio.tenants().migrations().tenant.iter().last();
    let search = Search {
        text: &asked.text,
        not_at: newest
            .map(|it| it.version().as_str())
            .filter(|_| asked.only_behind),
        limit: i64::try_from(SHOWN).unwrap_or(i64::MAX),
        offset: i64::try_from(asked.offset).unwrap_or(i64::MAX),
    };
    let reading = studio.read(&ShownSchema::Public).await?;
    let mut found = data::tenants(&reading, studio.tenants().registry(), &search).await?;
    let tenants = studio.tenants();
    let is_cluster = tenants.database().is_cluster();
    let measured = match asked.with_sizes && !is_cluster {
        true => data::measure_tenants(&reading, &mut found).await,
        false => Ok(()),
    };
    reading.end();
    let at_home = match (is_cluster, asked.with_sizes) {
        (false, _) => Ok(()),
        (true, false) => data::find_homes(tenants, &mut found).await,
        (true, true) => data::measure_at_home(tenants, &mut found).await,
    };
    let standings = match asked.with_sizes {
        true => Some(Standings::read(&studio, &found).await),
        false => None,
    };
    let unread = measured.and(at_home).err();
    let shown = Shown {
        found: &found,
        away: away(&studio).await,
        standings,
        unread,
    };
    let results = results(&studio, &asked, &shown);
    if asked.is_part {
        return Ok(results.into_response());
    }
    let page = Page {
        studio: &studio,
        place: None,
        uri: &uri,
        tab: Tab::Tenants,
        title: "Tenants".to_owned(),
        side: None,
    };
    Ok(page.answer(&html! { h1 { "Tenants" } (form(&asked)) div #results { (results) } }))
}

/// The servers of a cluster that do not answer. One that takes longer to be found out is
/// not waited for: a tenant that is asked itself says so.
async fn away(studio: &Studio) -> Vec<Node> {
    let cluster = studio.tenants().cluster();
    let answer = tokio::time::timeout(PATIENCE, cluster.unreachable()).await;
    answer.ok().and_then(Result::ok).unwrap_or_default()
}

fn form(asked: &Asked) -> Markup {
    html! {
        form.search method="get" action="tenants" role="search" data-live="#results" {
            input.large type="search" name="q" value=(asked.text) autofocus autocomplete="off"
                spellcheck="false" placeholder="Search by name" aria-label="Search tenants by name";
            label.check { input type="checkbox" name="behind" value="1" checked[asked.only_behind];
                " only tenants that are not at the newest version" }
            button.button type="submit" { "Search" }
        }
    }
}

/// The tenants that were found, and what was read of them.
struct Shown<'a> {
    found: &'a Found,
    /// The servers of a cluster that do not answer.
    away: Vec<Node>,
    /// Once they were asked themselves.
    standings: Option<Standings>,
    /// Why nothing was measured.
    unread: Option<Failure>,
}

fn results(studio: &Studio, asked: &Asked, shown: &Shown<'_>) -> Markup {
    let found = shown.found;
    if found.rows.is_empty() {
        return html! {
            p.empty {
                @if asked.text.is_empty() && !asked.only_behind {
                    "There are no tenants yet. "
                    (studio.remedies().show(&[Command::CreateTenant(None).into()]))
                } @else { "No tenant matches." }
            }
        };
    }
    let is_cluster = studio.tenants().database().is_cluster();
    let last = asked.offset + found.rows.len();
    let total = usize::try_from(found.total).unwrap_or(last);
    html! {
        p.quiet { (counted(found.total)) @if found.total == 1 { " tenant" } @else { " tenants" }
            @if total > found.rows.len() { ", showing " (asked.offset + 1) "–" (last) } }
        @if let Some(reason) = &shown.unread {
            p.note { "Not all could be read: " (causes(reason)) }
        }
        div.scroll {
            table.list data-rows {
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "State" }
                    th scope="col" { "Version" }
                    th.number scope="col" {
                        @if asked.with_sizes { "Size" }
                        @else { a href=(asked.measured()) data-later="#results" { "Size" } }
                    }
                    @if is_cluster { th scope="col" { "Server" } }
                    th scope="col" { "Created" }
                } }
                tbody { @for tenant in &found.rows { (row(studio, tenant, shown)) } }
            }
        }
        nav.pager aria-label="More tenants" {
            @if asked.offset > 0 {
                a.button rel="prev" href=(asked.at(asked.offset.saturating_sub(SHOWN))) { "← Previous" }
            }
            @if total > last { a.button rel="next" href=(asked.at(last)) { "Next →" } }
        }
    }
}

fn row(studio: &Studio, tenant: &TenantRow, shown: &Shown<'_>) -> Markup {
    let place = ShownSchema::named(&tenant.name);
    html! {
        tr {
            th scope="row" {
                @match &place {
                    Ok(place) => a href=(place.path()) { (tenant.name) },
                    Err(_) => (tenant.name),
                }
                @if let Some(schema) = tenant.other_schema() {
                    " " span.quiet title="Its schema" { (schema) }
                }
            }
            td { @match TenantName::quoted(&tenant.name) {
                Ok(_) => (state(studio, tenant, shown)),
                Err(error) => span.badge.bad { (error.to_string()) },
            } }
            td.mono { (tenant.version.as_deref().unwrap_or("–")) }
            td.number { (tenant.size.map_or_else(|| "–".to_owned(), bytes)) }
            @if studio.tenants().database().is_cluster() { td.mono { (home(tenant)) } }
            td.quiet { @if let Some(at) = &tenant.created_at { time datetime=(at.to_rfc3339()) {
                (at.format("%Y-%m-%d %H:%M").to_string())
            } } }
        }
    }
}

/// The server of the cluster that it is on.
fn home(tenant: &TenantRow) -> Markup {
    html! {
        @match (&tenant.node, tenant.has_schema) {
            (Some(node), _) => (node.to_string()),
            (None, true) => span.badge.bad { "not distributed" },
            (None, false) => "–",
        }
    }
}

/// How the tenant is: as it says itself, or before it was asked, as the list of tenants
/// says.
fn state(studio: &Studio, tenant: &TenantRow, shown: &Shown<'_>) -> Markup {
    match &shown.standings {
        Some(standings) if tenant.has_schema => standings.of(&tenant.name),
        _ if tenant
            .node
            .as_ref()
            .is_some_and(|node| shown.away.contains(node)) =>
        {
            html! {
                span.badge.bad title="The coordinator cannot reach its node" { "unreachable" }
            }
        }
        _ => listed(studio, tenant),
    }
}

fn listed(studio: &Studio, tenant: &TenantRow) -> Markup {
    let migrations = &studio.tenants().migrations().tenant;
    let Some(version) = tenant.version.as_deref().filter(|_| tenant.has_schema) else {
        return without_version(tenant);
    };
    let pending = migrations
        .iter()
        .filter(|migration| migration.version().as_str() > version);
    let newest = migrations
        .iter()
        .last()
        .map_or("", |it| it.version().as_str());
    html! {
        @match pending.count() {
            0 if version > newest => span.badge.bad { "listed as newer than this program" },
            0 => span.badge title="According to the registry" { "listed as up to date" },
            pending => span.badge.behind { "listed with " (pending) " pending" },
        }
    }
}

/// The same where the list does not say which version it has: a row that was inserted
/// by hand. Its own table of migrations knows.
fn without_version(tenant: &TenantRow) -> Markup {
    html! {
        @if tenant.has_schema {
            span.badge title="The registry has no version for it" { "unknown" }
        } @else { span.badge.bad { "missing schema" } }
    }
}
