//! Filters, and the choice of columns: one form, so that neither is lost by the
//! other.

use maud::{Markup, html};

use super::Grid;
use crate::query::{Filter, Operator};

impl Grid<'_> {
    pub(super) fn controls(&self) -> Markup {
        html! {
            form.controls method="get" action=(self.path()) data-short {
                @if let Some(sort) = &self.view.sort {
                    input type="hidden" name="sort" value=(sort.column);
                    @if sort.is_down { input type="hidden" name="dir" value="desc"; }
                }
                div.bar {
                    (self.filters())
                    (self.columns())
                    label.quiet { "Rows " (self.sizes()) }
                    button type="submit" { "Show" }
                }
            }
        }
    }

    fn filters(&self) -> Markup {
        let filters = &self.view.filters;
        html! {
            details.panel open[!filters.is_empty()] {
                summary { "Filter" @if !filters.is_empty() { " (" (filters.len()) ")" } }
                div.filters {
                    @for (at, filter) in filters.iter().enumerate() {
                        (self.filter(at + 1, Some(filter)))
                    }
                    (self.filter(filters.len() + 1, None))
                }
                @if !filters.is_empty() {
                    p { a href=(self.path()) { "Remove all" } }
                }
            }
        }
    }

    fn filter(&self, number: usize, filter: Option<&Filter>) -> Markup {
        let column = filter.map(|filter| filter.column.as_str());
        let operator = filter.map_or(Operator::Equal, |filter| filter.operator);
        let value = filter.map_or("", |filter| filter.value.as_str());
        html! {
            fieldset.filter {
                legend.hidden { "Filter " (number) }
                select name="fc" aria-label=(format!("Column of filter {number}")) {
                    option value="" { "(column)" }
                    @for one in &self.table.columns {
                        option value=(one.name) selected[column == Some(&one.name)] { (one.name) }
                    }
                }
                select name="fo" aria-label=(format!("Operator of filter {number}")) {
                    @for (one, word, name) in Operator::ALL {
                        option value=(word) selected[one == operator] { (name) }
                    }
                }
                input name="fv" value=(value) placeholder="value" autocomplete="off"
                    spellcheck="false" aria-label=(format!("Value of filter {number}"));
            }
        }
    }

    fn columns(&self) -> Markup {
        let is_shown =
            |name: &String| self.view.columns.is_empty() || self.view.columns.contains(name);
        let all = self.table.columns.len();
        let shown = self.table.shown(self.view).len();
        html! {
            details.panel {
                summary { "Columns" @if shown < all { " (" (shown) " of " (all) ")" } }
                div.choice data-choice {
                    @for column in &self.table.columns {
                        label {
                            input type="checkbox" name="col" value=(column.name)
                                checked[is_shown(&column.name)];
                            (column.name)
                        }
                    }
                }
            }
        }
    }

    fn sizes(&self) -> Markup {
        let size = self.view.size();
        let offered = [25, 50, 100, 250, 500];
        html! {
            select name="size" aria-label="Rows on a page" {
                @if !offered.contains(&size) { option selected { (size) } }
                @for one in offered { option selected[one == size] { (one) } }
            }
        }
    }
}
