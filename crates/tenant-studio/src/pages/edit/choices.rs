//! The values that a column with a foreign key may have.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use maud::{Markup, html};

use super::{Answer, allowed};
use crate::data::{self, Choice, Column, Constraint, Reading, Table};
use crate::error::Failure;
use crate::page::Tab;
use crate::pages::{Here, at_each_place};
use crate::shown_schema::{ShownSchema, TableName};
use crate::studio::Studio;
use crate::url;

pub(super) fn routes() -> Router<Studio> {
    at_each_place("/table/{table}/choices", get(show))
}

/// The foreign key of this column alone, if it leads to a table that can be shown.
pub(super) fn key_of<'a>(
    place: &ShownSchema,
    table: &'a Table,
    column: &Column,
) -> Option<&'a Constraint> {
    let mut keys = table.foreign_keys();
    keys.find(|key| {
        let target = key.target.as_ref();
        let can_be_shown = target.is_some_and(|target| table.place_of(target, place).is_some());
        key.columns == [column.name.clone()] && can_be_shown
    })
}

/// Where the choices are.
pub(super) fn address(here: &Here, table: &Table, column: &Column) -> String {
    let path = here.place.table(&table.relation.name, "choices");
    url::with(&path, [("column", column.name.clone())])
}

/// The first choices that contain `text`, in a separate transaction: the other table may be in
/// another schema, or closed to the role.
pub(super) async fn read(
    here: &Here,
    (from, key): (&Table, &Constraint),
    text: &str,
) -> Result<Vec<Choice>, Failure> {
    let nowhere = || Failure::NotFound("the foreign key refers to another schema".to_owned());
    let target = key.target.as_ref().ok_or_else(nowhere)?;
    let place = from.place_of(target, &here.place).ok_or_else(nowhere)?;
    let reading: Reading = here.studio.read(&place).await?;
    let table = Table::read(&reading, &target.table).await?;
    let choices = data::choices(&reading, &table, key, text).await?;
    reading.end();
    Ok(choices)
}

/// The choices as an input offers them.
pub(super) fn options(choices: &[Choice]) -> Markup {
    html! {
        @for choice in choices {
            option value=(choice.value) { (choice.label.as_deref().unwrap_or_default()) }
        }
    }
}

async fn show(here: Here, TableName(name): TableName) -> Answer {
    allowed(&here)?;
    let reading = here.read().await?;
    let table = Table::read(&reading, &name).await?;
    reading.end();
    let column = table.named(&here.parameter("column").unwrap_or_default())?;
    let none = || Failure::NotFound("the column has no foreign key".to_owned());
    let key = key_of(&here.place, &table, column).ok_or_else(none)?;
    let text = here.parameter("q").unwrap_or_default();
    let choices = read(&here, (&table, key), &text).await?;
    if here.parameter("part").is_some() {
        return Ok(options(&choices).into_response());
    }
    let body = html! {
        h1 { "Values for " (name) "." (column.name) }
        form.search method="get" role="search" {
            input type="hidden" name="column" value=(column.name);
            input type="search" name="q" value=(text) autocomplete="off" spellcheck="false"
                aria-label="Search the values" placeholder="Search";
            button.button type="submit" { "Search" }
        }
        @if choices.is_empty() { p.empty { "None." } } @else {
            div.scroll { table.list { tbody { @for choice in &choices { tr {
                th.mono scope="row" { (choice.value) }
                td { (choice.label.as_deref().unwrap_or_default()) }
            } } } } }
        }
    };
    Ok(here.page(Tab::Tables, "Values").answer(&body))
}
