//! A page of the reference, of which some blocks are generated.
//!
//! A block is between `<!-- NAME: begin -->` and `<!-- NAME: end -->`. In a table, the code knows
//! which rows there are and some of their cells. The other cells are written by hand: a new row
//! has to be described in the page before the test passes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::is_as_the_code_says;
use crate::support::repository;

/// A page in the making.
#[derive(Debug)]
pub(super) struct Page {
    file: String,
    text: String,
}

/// A cell that the code knows, or one that is written by hand.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Known(String),
    ByHand,
}

impl Page {
    /// The page of that name, as it is now.
    #[track_caller]
    pub(super) fn read(name: &str) -> Self {
        let file = format!("docs/book/src/reference/{name}.md");
        let text = std::fs::read_to_string(repository().join(&file)).unwrap();
        Self { file, text }
    }

    /// The text of a block, as it is now.
    #[track_caller]
    pub(super) fn block(&self, name: &str) -> &str {
        let (begin, end) = marks(name);
        let found = self.text.split_once(&begin);
        let found = found.and_then(|(_, rest)| rest.split_once(&end));
        found.map_or_else(
            || panic!("{} has no block {name}", self.file),
            |(text, _)| text,
        )
    }

    /// The same page with another text in a block.
    #[track_caller]
    pub(super) fn with(self, name: &str, text: &str) -> Self {
        let (begin, end) = marks(name);
        let present = format!("{begin}{}{end}", self.block(name));
        let wanted = format!("{begin}\n{}\n\n{end}", text.trim());
        Self {
            text: self.text.replace(&present, &wanted),
            ..self
        }
    }

    /// The same page with a table in a block. Its first column is the key of a row.
    #[track_caller]
    pub(super) fn with_table(self, name: &str, rows: &[Vec<Cell>]) -> Self {
        let head = self.block(name).trim().lines().next().unwrap_or_default();
        let head = cells(head);
        let by_hand = self.rows(name);
        let mut complete = Vec::new();
        for row in rows {
            let Some(Cell::Known(key)) = row.first() else {
                panic!("{name}: a row without a key");
            };
            let kept = by_hand.get(key);
            let cells = row.iter().enumerate().map(|(index, cell)| match cell {
                Cell::Known(text) => text.clone(),
                Cell::ByHand => {
                    let kept = kept.and_then(|kept| kept.get(index)).cloned();
                    kept.unwrap_or_else(|| panic!("{}: describe {key} in {name}", self.file))
                }
            });
            complete.push(cells.collect::<Vec<_>>());
        }
        let text = table(&head, &complete);
        self.with(name, &text)
    }

    /// The rows of a block's table by their first cells.
    #[track_caller]
    pub(super) fn rows(&self, name: &str) -> BTreeMap<String, Vec<String>> {
        let rows = self.keys_and_rows(name).into_iter();
        rows.collect()
    }

    /// The first cells of a block's table, in their order.
    #[track_caller]
    pub(super) fn keys(&self, name: &str) -> Vec<String> {
        let rows = self.keys_and_rows(name).into_iter();
        rows.map(|(key, _)| key).collect()
    }

    fn keys_and_rows(&self, name: &str) -> Vec<(String, Vec<String>)> {
        let lines = self
            .block(name)
            .lines()
            .filter(|line| line.starts_with('|'));
        let rows = lines.skip(2).map(cells);
        rows.filter_map(|row| Some((row.first()?.clone(), row)))
            .collect()
    }

    /// Compares it with the page on the disk, or writes it.
    #[track_caller]
    pub(super) fn is_as_the_code_says(&self) {
        is_as_the_code_says(&self.file, &self.text);
    }
}

/// A cell with this as code.
pub(super) fn code(text: &str) -> Cell {
    Cell::Known(format!("`{text}`"))
}

/// A cell with this text.
pub(super) fn known(text: impl Into<String>) -> Cell {
    Cell::Known(text.into())
}

/// A Markdown table.
pub(super) fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    let rule = head.iter().map(|_| "---".to_owned()).collect::<Vec<_>>();
    for row in [head, &rule]
        .into_iter()
        .chain(rows.iter().map(Vec::as_slice))
    {
        // An empty cell has one space, as people write it.
        let cells = row.iter().map(|cell| match cell.as_str() {
            "" => " ".to_owned(),
            cell => format!(" {cell} "),
        });
        writeln!(text, "|{}|", cells.collect::<Vec<_>>().join("|")).unwrap();
    }
    text
}

fn marks(name: &str) -> (String, String) {
    (
        format!("<!-- {name}: begin -->\n"),
        format!("<!-- {name}: end -->\n"),
    )
}

/// The cells of a row. A bar in a cell is escaped.
fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_start_matches('|');
    let row = row.strip_suffix('|').unwrap_or(row).replace("\\|", "\u{0}");
    let cells = row
        .split('|')
        .map(|cell| cell.trim().replace('\u{0}', "\\|"));
    cells.collect()
}

#[test]
fn a_row_that_nobody_has_described_fails() {
    let page = Page {
        file: "page".to_owned(),
        text: "<!-- a: begin -->\n\n| key | meaning |\n| --- | --- |\n| `b` | By hand. |\n\n\
               <!-- a: end -->\n"
            .to_owned(),
    };
    let row = |key: &str| vec![code(key), Cell::ByHand];
    let same = Page { ..page }.with_table("a", &[row("b")]);
    assert!(same.text.contains("| `b` | By hand. |\n"), "{}", same.text);
    let new = std::panic::catch_unwind(|| same.with_table("a", &[row("b"), row("c")]));
    assert!(new.is_err());
}
