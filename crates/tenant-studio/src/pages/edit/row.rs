//! The page with the form of one row.

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use maud::{Markup, html};

use super::control::{Field, Surroundings};
use super::{Answer, choices};
use crate::data::{Choice, Table, relations};
use crate::pages::Here;
use crate::problem;

/// What the form says of a row.
pub(super) struct Form<'a> {
    pub(super) here: &'a Here,
    pub(super) table: &'a Table,
    /// The key and the version; none for a new row.
    pub(super) row: Option<(String, String)>,
    /// One for each column.
    pub(super) fields: Vec<Field>,
    pub(super) message: Option<Message>,
}

/// What is said above the form.
pub(super) enum Message {
    Done(&'static str),
    Wrong {
        text: String,
        column: Option<String>,
        status: StatusCode,
    },
}

impl Form<'_> {
    pub(super) async fn answer(&self) -> Answer {
        let reading = self.here.read().await?;
        let tables = relations(&reading).await?;
        reading.end();
        let choices = self.choices().await;
        let body = self.show(&choices);
        let name = &self.table.relation.name;
        let page = self.here.page_beside(&tables, Some(name));
        let status = match &self.message {
            Some(Message::Wrong { status, .. }) => *status,
            _ => StatusCode::OK,
        };
        Ok((status, page.show(&body)).into_response())
    }

    /// The values of foreign keys, by column. What cannot be read is not offered.
    async fn choices(&self) -> HashMap<String, Vec<Choice>> {
        let mut all = HashMap::new();
        for column in self.table.columns.iter().filter(|one| one.is_writable()) {
            let Some(key) = choices::key_of(&self.here.place, self.table, column) else {
                continue;
            };
            let found = choices::read(self.here, (self.table, key), "").await;
            all.insert(column.name.clone(), found.unwrap_or_default());
        }
        all
    }

    fn show(&self, choices: &HashMap<String, Vec<Choice>>) -> Markup {
        let name = &self.table.relation.name;
        let what = if self.row.is_some() {
            "edit a row"
        } else {
            "add a row"
        };
        let page = if self.row.is_some() { "edit" } else { "add" };
        html! {
            div.bar { h1 { a href=(self.here.place.rows(name)) { (name) } " · " (what) } }
            (self.message())
            form.editor method="post" action=(self.here.place.table(name, page)) data-editor {
                (self.row())
                @for (column, field) in self.table.columns.iter().zip(&self.fields) {
                    (field.show(column, &Surroundings {
                        is_new: self.row.is_none(),
                        is_refused: self.is_refused(&column.name),
                        choices: choices.get(&column.name).map(|found| {
                            (found.as_slice(), choices::address(self.here, self.table, column))
                        }),
                    }))
                }
                p.bar {
                    button.main type="submit" { @if self.row.is_some() { "Save" } @else { "Add" } }
                    a.button href=(self.here.place.rows(name)) { "Cancel" }
                }
            }
            @if self.row.is_some() { (self.deletion()) }
        }
    }

    fn message(&self) -> Markup {
        html! {
            @match &self.message {
                None => {},
                Some(Message::Done(text)) => p role="status" { span.badge.good { (text) } },
                Some(Message::Wrong { text, .. }) => (problem::error(text)),
            }
        }
    }

    fn is_refused(&self, name: &str) -> bool {
        matches!(&self.message, Some(Message::Wrong { column: Some(column), .. }) if column == name)
    }

    fn row(&self) -> Markup {
        html! {
            @if let Some((key, version)) = &self.row {
                input type="hidden" name="key" value=(key);
                input type="hidden" name="version" value=(version);
            }
        }
    }

    fn deletion(&self) -> Markup {
        let path = self.here.place.table(&self.table.relation.name, "delete");
        html! {
            details.panel {
                summary { "Delete this row" }
                form method="post" action=(path) {
                    (self.row())
                    p { label.check {
                        input type="checkbox" name="confirm" value="1" required;
                        " Delete this row permanently"
                    } }
                    button type="submit" { "Delete" }
                }
            }
        }
    }
}
