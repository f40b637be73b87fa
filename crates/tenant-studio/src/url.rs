//! Parts of addresses.
//!
//! Addresses in pages do not begin with a slash: they are relative to the path of the
//! session, which each page names as its base.

use std::borrow::Cow;

use axum::http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const STEP: char = '~';

const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'_').remove(b'-');

/// `name` as one segment of a path.
pub(crate) fn segment(name: &str) -> Cow<'_, str> {
    utf8_percent_encode(name, &KEPT).into()
}

/// The name of a tenant or a table as one segment. Browsers take `.` and `..` for steps, however they
/// are written; so these have a sign before them, and names that begin with it another.
pub(crate) fn name_segment(name: &str) -> String {
    let is_step = matches!(name, "." | "..") || name.starts_with(STEP);
    match is_step {
        true => segment(&format!("{STEP}{name}")).into_owned(),
        false => segment(name).into_owned(),
    }
}

/// The name that such a segment means, without its percent signs.
pub(crate) fn named_by(segment: &str) -> &str {
    segment.strip_prefix(STEP).unwrap_or(segment)
}

/// The way from the page `uri` to the path of its session.
pub(crate) fn base(uri: &Uri) -> String {
    match uri.path().matches('/').count() {
        0 | 1 => "./".to_owned(),
        parts => "../".repeat(parts - 1),
    }
}

/// The page itself, as its own links name it.
pub(crate) fn relative(uri: &Uri) -> &str {
    let whole = uri.path_and_query().map_or("", |whole| whole.as_str());
    whole.trim_start_matches('/')
}

/// `path` with parameters behind it, if there are any.
pub(crate) fn with<'a>(
    path: &str,
    parameters: impl IntoIterator<Item = (&'a str, String)>,
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    let query = query.finish();
    if query.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{query}")
}

/// The parameters of a query, in the order in which they stand.
pub(crate) fn parameters(query: Option<&str>) -> Vec<(String, String)> {
    let query = query.unwrap_or_default().as_bytes();
    form_urlencoded::parse(query).into_owned().collect()
}

/// The last value of the parameter `name`, if it is not empty.
pub(crate) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let found = parameters(query).into_iter().rev();
    let mut found = found.filter(|(key, value)| key == name && !value.is_empty());
    found.next().map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_segment_whatever_is_in_it() {
        assert_eq!(segment("a_b-1"), "a_b-1");
        assert_eq!(segment("../a?b#c d%"), "%2E%2E%2Fa%3Fb%23c%20d%25");
    }

    #[test]
    fn a_name_that_reads_as_a_step_is_no_step() {
        assert_eq!(name_segment(".."), "%7E%2E%2E");
        assert_eq!(name_segment("..."), "%2E%2E%2E");
        for name in [".", "..", "~", "~.", "a~"] {
            let segment = name_segment(name).replace("%7E", "~").replace("%2E", ".");
            assert_eq!(named_by(&segment), name);
        }
    }

    #[test]
    fn the_way_back_is_as_long_as_the_path() {
        for (path, base_of_it) in [
            ("/", "./"),
            ("/tenants?q=/a/b", "./"),
            ("/t/acme", "../"),
            ("/t/acme/", "../../"),
            ("/t/acme/table/a%2Fb/row", "../../../../"),
        ] {
            assert_eq!(base(&path.parse().unwrap()), base_of_it, "{path}");
        }
    }

    #[test]
    fn parameters_come_back_as_they_went() {
        let address = with("/x", [("a", "1 & 2".to_owned()), ("b", "ä=".to_owned())]);
        let (path, query) = address.split_once('?').unwrap();
        assert_eq!(path, "/x");
        assert_eq!(parameter(Some(query), "a").unwrap(), "1 & 2");
        assert_eq!(parameter(Some(query), "b").unwrap(), "ä=");
        assert_eq!(with("/x", []), "/x");
    }
}
