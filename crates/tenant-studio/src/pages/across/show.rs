//! How the answers of many tenants are shown: whole, or line by line of JSON.

use maud::{Markup, html};
use serde_json::json;

use super::gather::{Gathering, Part};
use crate::pages::answer;
use crate::shown_schema::ShownSchema;

/// The finished result.
pub(super) fn whole(gathering: &Gathering, parts: &[Part], link: Option<String>) -> Markup {
    let tables = parts.iter().filter(|part| part.is_new);
    html! {
        div data-progress { (progress(gathering, true)) }
        (to_text(link))
        @if gathering.failed > 0 { (failures(parts)) }
        @for first in tables {
            @let of_it = parts.iter().filter(|part| part.table == first.table && part.failure.is_none());
            (table(first, &html! { @for part in of_it { (rows(part)) } }))
        }
    }
}

/// What is there before the first tenant has answered.
pub(super) fn frame_line(gathering: &Gathering, link: Option<String>) -> String {
    let frame = html! {
        progress max=(gathering.of) value="0" aria-label="Tenants that have answered" {}
        div role="status" data-progress { (progress(gathering, false)) }
        (to_text(link))
        details.panel data-failures open hidden { summary { "Failures" } ul {} }
        div data-tables {}
    };
    line_of(&json!({ "frame": frame.into_string() }))
}

fn to_text(link: Option<String>) -> Markup {
    html! { @if let Some(link) = link { p { a href=(link) { "Link to this text and choice" } } } }
}

/// What a tenant has added.
pub(super) fn line(gathering: &Gathering, part: &Part) -> String {
    let has_rows = !part.rows.is_empty();
    line_of(&json!({
        "done": gathering.done,
        "of": gathering.of,
        "tenant": part.tenant,
        "progress": progress(gathering, false).into_string(),
        "failure": failure(part).map(Markup::into_string),
        "table": part.is_new.then(|| table(part, &html! {}).into_string()),
        "into": has_rows.then_some(part.table),
        "rows": has_rows.then(|| rows(part).into_string()),
    }))
}

/// That it is over.
pub(super) fn last_line(gathering: &Gathering) -> String {
    line_of(&json!({
        "done": gathering.done,
        "of": gathering.of,
        "is_over": true,
        "progress": progress(gathering, true).into_string(),
    }))
}

fn line_of(value: &serde_json::Value) -> String {
    format!("{value}\n")
}

fn progress(gathering: &Gathering, is_over: bool) -> Markup {
    let Gathering {
        done,
        of,
        failed,
        cut,
        ..
    } = gathering;
    html! {
        p {
            (done) " of " (of) " tenants, " (answer::rows(gathering.rows))
            @if *failed > 0 { ", " span.badge.bad { (failed) " failed" } }
            @if *cut > 0 { ". " (cut) " tenants have more rows than are shown" }
            @if is_over && gathering.is_full() && done < of {
                ". Stopped at the limit of rows"
            }
            "."
        }
    }
}

fn table(part: &Part, rows: &Markup) -> Markup {
    html! {
        div.scroll.answer-box data-table=(part.table) tabindex="0" role="region" aria-label="Rows of the tenants" {
            table.grid.answer {
                thead { tr {
                    th scope="col" { "tenant" }
                    @for field in &part.fields { (answer::head(field)) }
                } }
                tbody { (rows) }
            }
        }
    }
}

fn rows(part: &Part) -> Markup {
    html! {
        @for row in &part.rows {
            tr { th scope="row" { (tenant(&part.tenant)) } (answer::cells(row)) }
        }
    }
}

fn tenant(name: &str) -> Markup {
    match ShownSchema::named(name) {
        Ok(tenant) => html! { a href=(tenant.path()) { (name) } },
        Err(_) => html! { (name) },
    }
}

fn failures(parts: &[Part]) -> Markup {
    html! {
        details.panel data-failures open {
            summary { "Failures" }
            ul { @for part in parts { @if let Some(failure) = failure(part) { (failure) } } }
        }
    }
}

fn failure(part: &Part) -> Option<Markup> {
    let failure = part.failure.as_ref()?;
    Some(html! { li { strong { (tenant(&part.tenant)) } ": " (failure.message) } })
}
