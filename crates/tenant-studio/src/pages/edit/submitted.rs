//! [`Submitted`]: what the form of one row says.
//!
//! Of each column the form has the value (`c.NAME`), what it was when the form was
//! made (`o.NAME`, missing for NULL), and ticks for NULL (`n.NAME`) and for the
//! default (`d.NAME`).

use std::collections::{BTreeMap, HashMap};

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};

use crate::data::Input;
use crate::error::Failure;
use crate::url;

#[derive(Debug, Default)]
pub(super) struct Submitted(HashMap<String, String>);

impl Submitted {
    pub(super) async fn read(request: Request) -> Result<Self, Failure> {
        let body = Bytes::from_request(request, &()).await;
        let body = body.map_err(|error| Failure::Wrong(error.body_text()))?;
        let text = std::str::from_utf8(&body);
        let text = text.map_err(|_| Failure::Wrong("the form is not valid".to_owned()))?;
        Ok(Self(url::parameters(Some(text)).into_iter().collect()))
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// What stands in the column's field.
    pub(super) fn value(&self, column: &str) -> Option<String> {
        self.field('c', column)
    }

    /// What the column's value was, when the form was made.
    pub(super) fn original(&self, column: &str) -> Option<String> {
        self.field('o', column)
    }

    pub(super) fn is_null(&self, column: &str) -> bool {
        self.0.contains_key(&format!("n.{column}"))
    }

    pub(super) fn is_default(&self, column: &str) -> bool {
        self.0.contains_key(&format!("d.{column}"))
    }

    fn field(&self, kind: char, column: &str) -> Option<String> {
        let value = self.0.get(&format!("{kind}.{column}"))?;
        Some(unix(value))
    }

    fn columns(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|name| name.strip_prefix("c."))
    }

    /// What is different from what the form began with.
    ///
    /// # Errors
    ///
    /// A text for people, where a column says two things.
    pub(super) fn changes(&self) -> Result<BTreeMap<String, Input>, String> {
        let mut set = BTreeMap::new();
        for column in self.columns() {
            if let Some(input) = self.change(column)? {
                set.insert(column.to_owned(), input);
            }
        }
        Ok(set)
    }

    /// Whether the column was changed, and to what. The tick for NULL is there from
    /// the beginning where the value is NULL: then what was typed counts.
    pub(super) fn change(&self, column: &str) -> Result<Option<Input>, String> {
        let value = self.value(column).unwrap_or_default();
        Ok(match (self.original(column), self.is_null(column)) {
            (None, true) if value.is_empty() => None,
            (None, _) => Some(Input::Value(Some(value))),
            (Some(original), true) if value.is_empty() || value == original => {
                Some(Input::Value(None))
            }
            (Some(_), true) => {
                return Err(format!("`{column}` has both a value and NULL"));
            }
            (Some(original), false) if value == original => None,
            (Some(_), false) => Some(Input::Value(Some(value))),
        })
    }

    /// The values of a new row. Here too what was typed counts before a tick.
    pub(super) fn values(&self) -> BTreeMap<String, Input> {
        let values = self.columns().filter_map(|column| {
            let value = self.value(column).unwrap_or_default();
            let input = match () {
                () if !value.is_empty() => Input::Value(Some(value)),
                () if self.is_null(column) => Input::Value(None),
                () if self.is_default(column) => return None,
                () => Input::Value(Some(value)),
            };
            Some((column.to_owned(), input))
        });
        values.collect()
    }
}

/// With the line ends of the database: browsers send others.
fn unix(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submitted(pairs: &[(&str, &str)]) -> Submitted {
        let pairs = pairs.iter();
        Submitted(
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    fn text(value: &str) -> Option<Input> {
        Some(Input::Value(Some(value.to_owned())))
    }

    #[test]
    fn null_and_the_empty_text_are_told_apart() {
        let null = Some(Input::Value(None));
        for (pairs, expected) in [
            (&[("c.a", ""), ("n.a", "1")][..], None),
            (&[("c.a", "")], text("")),
            (&[("c.a", "x"), ("n.a", "1")], text("x")),
            (&[("c.a", "x"), ("o.a", "x")], None),
            (&[("c.a", ""), ("o.a", "")], None),
            (&[("c.a", ""), ("o.a", "x")], text("")),
            (&[("c.a", "x"), ("o.a", "x"), ("n.a", "1")], null.clone()),
            (&[("c.a", ""), ("o.a", ""), ("n.a", "1")], null),
        ] {
            assert_eq!(submitted(pairs).change("a").unwrap(), expected, "{pairs:?}");
        }
        let both = submitted(&[("c.a", "y"), ("o.a", "x"), ("n.a", "1")]);
        assert!(both.change("a").is_err());
    }

    #[test]
    fn line_ends_of_the_browser_are_no_change() {
        let same = submitted(&[("c.a", "one\r\ntwo"), ("o.a", "one\ntwo")]);
        assert_eq!(same.change("a").unwrap(), None);
        let other = submitted(&[("c.a", "one\r\nthree"), ("o.a", "one\r\ntwo")]);
        assert_eq!(other.change("a").unwrap(), text("one\nthree"));
    }

    #[test]
    fn a_new_row_leaves_out_what_has_its_default() {
        let row = submitted(&[
            ("c.a", ""),
            ("d.a", "1"),
            ("c.b", ""),
            ("n.b", "1"),
            ("c.c", ""),
            ("c.d", "x"),
            ("d.d", "1"),
        ]);
        let values = row.values();
        assert!(!values.contains_key("a"), "{values:?}");
        assert_eq!(values["b"], Input::Value(None));
        assert_eq!(values.get("c").cloned(), text(""));
        assert_eq!(values.get("d").cloned(), text("x"));
    }
}
