//! The part of a table that is shown, as the URL describes it, so that a link shows the same to
//! other users.

mod filter;

use crate::url;

pub(crate) use filter::{Filter, Operator, items};

/// How many rows are shown at a time, by default and at most.
const SIZE: usize = 50;
const MOST: usize = 500;

/// No table has more rows, and numbers up to here can be added.
const ROWS: usize = 1 << 48;

/// The values of the columns that rows are ordered by, of one row. NULL is none.
pub(crate) type OrderValues = Vec<Option<String>>;

/// What is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// Empty for all columns.
    pub(crate) columns: Vec<String>,
    pub(crate) sort: Option<Sort>,
    pub(crate) filters: Vec<Filter>,
    pub(crate) at: At,
    /// How many rows come before, as far as is known.
    pub(crate) before: Option<usize>,
    /// None for the usual.
    pub(crate) size: Option<usize>,
    /// Whether all rows are to be counted.
    pub(crate) counts: bool,
}

/// A column to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) column: String,
    pub(crate) is_down: bool,
}

/// Where the rows that are shown begin or end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum At {
    /// They are the first.
    #[default]
    Start,
    /// They come after this one.
    After(OrderValues),
    /// They come before it.
    Before(OrderValues),
    /// They are the last.
    End,
    /// They come after this many rows.
    Offset(usize),
}

impl View {
    /// What the query of an address says. What makes no sense is left out.
    pub(crate) fn of(query: Option<&str>) -> Self {
        let parameters = url::parameters(query);
        let last = |name: &str| {
            let mut found = parameters.iter().rev().filter(|(key, _)| key == name);
            found
                .next()
                .map(|(_, value)| value.as_str())
                .filter(|value| !value.is_empty())
        };
        let all = |name: &str| {
            let found = parameters
                .iter()
                .filter(|(key, value)| key == name && !value.is_empty());
            found.map(|(_, value)| value.clone()).collect()
        };
        let number = |name: &str| -> Option<usize> {
            let number = last(name)?.parse::<usize>().ok()?;
            Some(number.min(ROWS))
        };
        let values = |name: &str| last(name).and_then(|value| serde_json::from_str(value).ok());
        let at = if let Some(values) = values("after") {
            At::After(values)
        } else if let Some(values) = values("before") {
            At::Before(values)
        } else if last("end").is_some() {
            At::End
        } else {
            number("offset").map_or(At::Start, At::Offset)
        };
        Self {
            columns: all("col"),
            sort: last("sort").map(|column| Sort {
                column: column.to_owned(),
                is_down: last("dir") == Some("desc"),
            }),
            filters: filter::all(&parameters),
            at,
            before: number("n"),
            size: number("size").map(|size| size.clamp(1, MOST)),
            counts: last("count").is_some(),
        }
    }

    /// The parameters that say the same.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = self.parameters_of_all();
        let json = |values: &OrderValues| serde_json::to_string(values).unwrap_or_default();
        match &self.at {
            At::Start => {}
            At::After(values) => parameters.push(("after", json(values))),
            At::Before(values) => parameters.push(("before", json(values))),
            At::End => parameters.push(("end", "1".to_owned())),
            At::Offset(rows) => parameters.push(("offset", rows.to_string())),
        }
        parameters.extend(self.before.map(|rows| ("n", rows.to_string())));
        parameters
    }

    /// Those that are not about one page of rows.
    fn parameters_of_all(&self) -> Vec<(&'static str, String)> {
        let columns = self.columns.iter().map(|column| ("col", column.clone()));
        let mut parameters = columns.collect::<Vec<_>>();
        if let Some(sort) = &self.sort {
            parameters.push(("sort", sort.column.clone()));
            parameters.extend(sort.is_down.then(|| ("dir", "desc".to_owned())));
        }
        parameters.extend(self.filters.iter().flat_map(Filter::parameters));
        parameters.extend(self.size.map(|size| ("size", size.to_string())));
        parameters.extend(self.counts.then(|| ("count", "1".to_owned())));
        parameters
    }

    /// How many rows are shown at a time.
    pub(crate) fn size(&self) -> usize {
        self.size.unwrap_or(SIZE)
    }

    /// The same, from the first row.
    pub(crate) fn restarted(&self) -> Self {
        self.moved(At::Start, None)
    }

    /// The same, elsewhere.
    pub(crate) fn moved(&self, at: At, before: Option<usize>) -> Self {
        Self {
            at,
            before,
            ..self.clone()
        }
    }

    /// The same in another order: by `column`, upwards, then downwards, then not.
    pub(crate) fn sorted(&self, column: &str) -> Self {
        let is_down = match &self.sort {
            Some(sort) if sort.column == column && sort.is_down => None,
            Some(sort) if sort.column == column => Some(true),
            _ => Some(false),
        };
        let sort = is_down.map(|is_down| Sort {
            column: column.to_owned(),
            is_down,
        });
        Self {
            sort,
            ..self.restarted()
        }
    }

    /// The rows of the table in which `filters` hold, and nothing else said.
    pub(crate) fn filtered(filters: Vec<Filter>) -> Self {
        Self {
            filters,
            ..Self::default()
        }
    }

    /// Its address at `path`.
    pub(crate) fn at_path(&self, path: &str) -> String {
        url::with(path, self.parameters())
    }
}

#[cfg(test)]
mod tests;
