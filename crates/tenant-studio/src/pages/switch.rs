//! The switcher: the same page of another tenant.

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};

use crate::data::{self, Search};
use crate::error::Failure;
use crate::page::{Page, Tab};
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;
use crate::url;

/// How many tenants are offered.
const OFFERED: i64 = 30;

/// Parameters that mean a row or a page of one tenant's table.
const OF_ROWS: [&str; 7] = ["after", "before", "end", "offset", "n", "key", "count"];

pub(super) fn routes() -> Router<Studio> {
    Router::new().route("/switch", get(switch))
}

async fn switch(State(studio): State<Studio>, uri: Uri) -> Result<Response, Failure> {
    let parameter = |name| url::parameter(uri.query(), name);
    let text = parameter("q").unwrap_or_default();
    let from = parameter("from").unwrap_or_default();
    let search = Search {
        text: &text,
        limit: OFFERED,
        ..Search::default()
    };
    let reading = studio.read(&ShownSchema::Public).await?;
    let found = data::tenants(&reading, studio.tenants().registry(), &search).await?;
    reading.end();
    let tenants = found
        .rows
        .iter()
        .filter_map(|tenant| ShownSchema::named(&tenant.name).ok());
    let offers = offers(&tenants.collect::<Vec<_>>(), &text, &kept(&from));
    if parameter("part").is_some() {
        return Ok(offers.into_response());
    }
    let body = html! {
        h1 { "Switch tenant" }
        form.search method="get" action="switch" role="search" data-live="#offers" {
            input type="hidden" name="from" value=(from);
            input.large type="search" name="q" value=(text) autofocus autocomplete="off"
                spellcheck="false" aria-label="Search tenants by name" placeholder="Search by name";
            button.button type="submit" { "Search" }
        }
        div #offers { (offers) }
    };
    let page = Page {
        studio: &studio,
        place: None,
        uri: &uri,
        tab: Tab::Tenants,
        title: "Switch tenant".to_owned(),
        side: None,
    };
    Ok(page.answer(&body))
}

fn offers(tenants: &[ShownSchema], text: &str, kept: &str) -> Markup {
    let is_public = "public".contains(&text.to_lowercase());
    html! {
        ul.offers aria-label="Tenants" {
            @for tenant in tenants {
                li {
                    a href=(format!("{}{kept}", tenant.path())) { (tenant.label()) }
                }
            }
            @if is_public {
                li { a href=(format!("public{kept}")) { "public" span.quiet { " the public schema" } } }
            }
        }
        @if tenants.is_empty() && !is_public { p.empty { "No tenant matches." } }
    }
}

/// What of the address `from` means the same in another tenant: the page, the
/// table, its columns, order and filters.
fn kept(from: &str) -> String {
    let (path, query) = from.split_once('?').unwrap_or((from, ""));
    let rest = match path.strip_prefix("/t/") {
        Some(rest) => rest.split_once('/').map(|(_, rest)| rest),
        None => path.strip_prefix("/public/"),
    };
    // The page of one row has another in the other tenant.
    let rest = rest.unwrap_or_default();
    let rest = rest
        .strip_suffix("/row")
        .or(rest.strip_suffix("/value"))
        .unwrap_or(rest);
    if rest.is_empty() {
        return String::new();
    }
    let parameters = url::parameters(Some(query));
    let of_all = parameters
        .iter()
        .filter(|(name, _)| !OF_ROWS.contains(&name.as_str()));
    let of_all = of_all.map(|(name, value)| (name.as_str(), value.clone()));
    url::with(&format!("/{rest}"), of_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_table_is_kept_and_the_place_in_it_is_not() {
        for (from, rest) in [
            ("/t/acme/table/a%2Fb?sort=x&after=1", "/table/a%2Fb?sort=x"),
            ("/public/table/x/structure", "/table/x/structure"),
            ("/t/acme/table/x/row?key=1", "/table/x"),
            ("/t/acme", ""),
            ("/tenants?q=x", ""),
            ("https://example.org/t/acme/x", ""),
        ] {
            assert_eq!(kept(from), rest, "{from}");
        }
    }
}
