//! From one page of rows to the next.

use maud::{Markup, html};

use super::Grid;
use crate::data::RowData;
use crate::query::{At, View};
use crate::words::counted;

impl Grid<'_> {
    pub(super) fn pager(&self) -> Markup {
        let link = |view: View| view.at_path(&self.path());
        let is_first = !self.rows.has_before;
        html! {
            nav.pager aria-label="Pages of rows" {
                @if !is_first {
                    a.button href=(link(self.view.restarted())) { "⇤ First" }
                }
                @match self.previous().filter(|_| !is_first) {
                    Some(view) => a.button rel="prev" href=(link(view)) aria-keyshortcuts="p" { "← Previous" },
                    None => span.button aria-disabled="true" { "← Previous" },
                }
                span.quiet { (self.range()) }
                @match self.next().filter(|_| self.rows.has_after) {
                    Some(view) => a.button rel="next" href=(link(view)) aria-keyshortcuts="n" { "Next →" },
                    None => span.button aria-disabled="true" { "Next →" },
                }
                @if self.rows.has_after && self.table.is_total() {
                    a.button href=(link(self.last())) { "Last ⇥" }
                }
            }
        }
    }

    /// How many rows come before, as far as is known.
    fn before(&self) -> Option<usize> {
        match self.view.at {
            At::Start => Some(0),
            At::Offset(rows) => Some(rows),
            _ => self.view.before,
        }
    }

    fn range(&self) -> String {
        let shown = self.rows.rows.len();
        if shown == 0 {
            return "no rows".to_owned();
        }
        let number = |rows: usize| counted(i64::try_from(rows).unwrap_or(i64::MAX));
        match self.before() {
            Some(before) => format!("{}–{}", number(before + 1), number(before + shown)),
            None if !self.rows.has_after => format!("the last {}", number(shown)),
            None => format!("{} rows", number(shown)),
        }
    }

    fn next(&self) -> Option<View> {
        let last = self.rows.rows.last()?;
        let before = self.before().map(|before| before + self.rows.rows.len());
        Some(match Self::edge(last) {
            Some(edge) => self.view.moved(At::After(edge), before),
            None => self.view.moved(At::Offset(before?), None),
        })
    }

    fn previous(&self) -> Option<View> {
        let size = self.view.size();
        let before = self.before();
        if before.is_some_and(|before| before <= size) {
            return Some(self.view.restarted());
        }
        let before = before.map(|before| before - size);
        match self.rows.rows.first().and_then(Self::edge) {
            Some(edge) => Some(self.view.moved(At::Before(edge), before)),
            None => Some(self.view.moved(At::Offset(before?), None)),
        }
    }

    fn last(&self) -> View {
        let shown = self.view.size();
        let total = self.total.as_ref().and_then(|total| total.as_ref().ok());
        let total = total.and_then(|total| usize::try_from(*total).ok());
        let before = total.map(|total| total.saturating_sub(shown));
        self.view.moved(At::End, before)
    }

    /// The row that a page begins after, if each row has a unique position.
    fn edge(row: &RowData) -> Option<Vec<Option<String>>> {
        row.edge.clone()
    }
}
