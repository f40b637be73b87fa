//! The options of a URL, as documentation lists them.

use super::known::{self, Kind};

/// An option of a database URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct UrlOption {
    /// Its name.
    pub name: &'static str,
    /// The environment variable of the same meaning.
    pub variable: Option<&'static str>,
    /// What is done with it.
    pub support: UrlOptionSupport,
}

/// What is done with an option of a database URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlOptionSupport {
    /// It has an effect.
    Used,
    /// It is accepted and has no effect.
    Ignored,
    /// Only these values are accepted. They have no effect.
    Only(&'static [&'static str]),
    /// It is an error.
    Unsupported,
}

/// The options that a database URL can have: those of libpq, and `pooler`.
pub fn url_options() -> impl Iterator<Item = UrlOption> {
    known::ALL.iter().map(|known| UrlOption {
        name: known.key,
        variable: variable(known.key).or(known.variable),
        support: match known.kind {
            Kind::Used => UrlOptionSupport::Used,
            Kind::Ignored => UrlOptionSupport::Ignored,
            Kind::Only(values) => UrlOptionSupport::Only(values),
            Kind::Missing(_) => UrlOptionSupport::Unsupported,
        },
    })
}

/// These say where others are read, so the table of those does not have them.
fn variable(key: &str) -> Option<&'static str> {
    match key {
        "service" => Some("PGSERVICE"),
        "servicefile" => Some("PGSERVICEFILE"),
        _ => None,
    }
}
