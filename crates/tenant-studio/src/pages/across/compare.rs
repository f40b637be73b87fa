//! Two tenants side by side.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use maud::{Markup, html};

use super::plain;
use crate::data::{self, Count, Counts, Difference, Differences};
use crate::error::Failure;
use crate::pages::answer;
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;
use crate::url;
use crate::words::counted;

/// How many rows that differ are shown.
const SHOWN: usize = 200;

pub(super) async fn compare(State(studio): State<Studio>, uri: Uri) -> Result<Response, Failure> {
    let parameter = |name| url::parameter(uri.query(), name);
    let [one, other] = [parameter("one"), parameter("other")].map(Option::unwrap_or_default);
    let table = parameter("table");
    let result = match (one.as_str(), other.as_str(), &table) {
        ("", _, _) | (_, "", _) => html! {},
        (one, other, None) => all_tables(&studio, [one, other]).await?,
        (one, other, Some(table)) => one_table(&studio, [one, other], table).await?,
    };
    let body = html! {
        h1 { "Two tenants compared" }
        p { "Or " a href="across" { "run one query across tenants" } "." }
        form.search method="get" action="across/compare" {
            (name_field("one", "One tenant", &one)) (name_field("other", "The other", &other))
            button.button type="submit" { "Compare" }
        }
        (result)
    };
    Ok(plain(&studio, &uri, "Compare two tenants", &body))
}

fn name_field(name: &str, label: &str, value: &str) -> Markup {
    html! {
        label.check { (label) " "
            input type="text" name=(name) value=(value) required autocomplete="off" spellcheck="false"; }
    }
}

fn address([one, other]: [&str; 2], table: Option<&str>) -> String {
    let table = table.map(|table| ("table", table.to_owned()));
    let names = [("one", one.to_owned()), ("other", other.to_owned())];
    url::with("across/compare", names.into_iter().chain(table))
}

async fn all_tables(studio: &Studio, names: [&str; 2]) -> Result<Markup, Failure> {
    let [one, other] = names;
    let one = studio.read(&ShownSchema::named(one)?).await?;
    let other = studio.read(&ShownSchema::named(other)?).await?;
    let tables = data::tables([&one, &other]).await?;
    let budget = studio.options().statement_timeout;
    let counts = data::counts([&one, &other], tables, budget).await?;
    one.end();
    other.end();
    Ok(html! {
        p.quiet { "The number of rows of each table." }
        div.scroll {
            table.list.compare {
                thead { tr {
                    th scope="col" { "Table" }
                    @for name in names { th.number scope="col" { (name) } }
                    th scope="col" { "Rows" }
                } }
                tbody { @for counts in &counts { (row(names, counts)) } }
            }
        }
    })
}

fn is_unread(counts: &Counts) -> bool {
    let mut counts = counts.rows.iter();
    counts.any(|count| matches!(count, Count::Unread(_)))
}

fn row(names: [&str; 2], counts: &Counts) -> Markup {
    let in_both = !counts.rows.contains(&Count::NoTable);
    let [one, other] = &counts.rows;
    html! {
        tr.differs[one != other && !is_unread(counts)] {
            th scope="row" { (counts.table) }
            @for count in &counts.rows {
                td.number { @match count {
                    Count::NoTable => span.quiet { "no such table" },
                    Count::Unread(why) => { span.badge.bad { "could not be read" } " " (why) },
                    Count::Rows(rows) => (counted(*rows)),
                } }
            }
            td { @if in_both {
                a href=(address(names, Some(&counts.table)))
                    aria-label=(format!("Rows of {} that differ", counts.table)) { "differences" }
            } }
        }
    }
}

async fn one_table(studio: &Studio, names: [&str; 2], table: &str) -> Result<Markup, Failure> {
    let [one, other] = names;
    let of_other = studio.read(&ShownSchema::named(other)?).await?;
    let other_schema = of_other.schema().to_owned();
    of_other.end();
    let reading = studio.read(&ShownSchema::named(one)?).await?;
    let found = data::differences(&reading, &other_schema, table, SHOWN).await?;
    reading.end();
    Ok(html! {
        h2 { "Rows of " (table) " that differ" }
        p { a href=(address(names, None)) { "All tables of " (one) " and " (other) } }
        @match found {
            None => p.note { "These tables have no primary key in common, so that their rows cannot be \
                matched. There may be no such table in one of the two." },
            Some(found) => (differing(names, &found)),
        }
    })
}

fn differing(names: [&str; 2], found: &Differences) -> Markup {
    html! {
        @if !found.left_out.is_empty() {
            p.note { "Not compared, because only one tenant has it: " (found.left_out.join(", ")) }
        }
        @if found.rows.is_empty() { p.empty { "All rows are equal." } } @else {
            p.quiet { @if found.is_cut { "The first " } (answer::rows(found.rows.len()))
                @if found.is_cut { "; there are more" } ". Values are compared as text." }
            div.scroll {
                table.list.compare {
                    thead { tr {
                        @for key in &found.key { th scope="col" { (key) } }
                        th scope="col" { "Difference" }
                    } }
                    tbody { @for row in &found.rows { (difference(names, &found.columns, row)) } }
                }
            }
        }
    }
}

fn difference([one, other]: [&str; 2], columns: &[String], row: &Difference) -> Markup {
    html! {
        tr {
            @for key in &row.key { th.mono scope="row" { (key.as_deref().unwrap_or_default()) } }
            td {
                @match &row.sides {
                    [Some(left), Some(right)] => (values(columns, left, right)),
                    [Some(_), None] => { "only in " (one) },
                    [None, _] => { "only in " (other) },
                }
            }
        }
    }
}

/// The columns in which a row differs, with both values.
fn values(columns: &[String], left: &[Option<String>], right: &[Option<String>]) -> Markup {
    let pairs = columns.iter().zip(left.iter().zip(right));
    let differing = pairs
        .filter(|(_, (left, right))| left != right)
        .collect::<Vec<_>>();
    html! {
        @for (column, (left, right)) in &differing {
            div { span.quiet { (column) ": " } del.mono { (value(left)) } " → " ins.mono { (value(right)) } }
        }
        @if differing.is_empty() { "the end of a long value" }
    }
}

fn value(value: &Option<String>) -> Markup {
    match value {
        None => html! { span.null { "NULL" } },
        Some(text) if text.is_empty() => html! { span.blank { "(empty)" } },
        Some(text) => html! { (text) },
    }
}
