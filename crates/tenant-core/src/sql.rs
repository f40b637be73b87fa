//! The one place where names become SQL text.
//!
//! PostgreSQL takes no parameters for identifiers, nor for anything in a
//! message of several statements, so these have to be written into the text.
//! Everything else is bound.

use crate::TenantName;

/// Diesel's own table of applied migrations, one in each schema.
pub(crate) const LEDGER: &str = "__diesel_schema_migrations";

/// A schema that migrations are applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema<'a> {
    /// What exists once.
    Public,
    /// What exists for each tenant.
    Tenant(&'a TenantName),
    /// What is ready to become a tenant's, and is nobody's yet.
    Spare(&'a TenantName),
    /// What the tenants' migrations are tried in, and is never committed.
    Rehearsal(&'a TenantName),
}

impl<'a> Schema<'a> {
    /// The schema's name, unquoted.
    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Public => "public",
            Self::Tenant(name) | Self::Spare(name) | Self::Rehearsal(name) => name.as_str(),
        }
    }

    /// The schema's name, quoted.
    pub(crate) fn ident(self) -> String {
        ident(self.name())
    }

    /// The schema's table of applied migrations, qualified and quoted.
    pub(crate) fn ledger(self) -> String {
        format!("{}.{}", self.ident(), ident(LEDGER))
    }
}

impl std::fmt::Display for Schema<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Public => formatter.write_str("the public schema"),
            Self::Tenant(name) => write!(formatter, "tenant `{name}`"),
            Self::Spare(name) => write!(formatter, "spare schema `{name}`"),
            // Its name is made up, and says nothing to anybody.
            Self::Rehearsal(_) => formatter.write_str("a rehearsal of the migrations"),
        }
    }
}

/// `name` as an identifier of SQL text, whatever is in it: for programs whose
/// tables and columns are known only when they run.
///
/// ```
/// assert_eq!(tenant_core::quote_ident(r#"a"b"#), r#""a""b""#);
/// ```
#[must_use]
pub fn quote_ident(name: &str) -> String {
    ident(name)
}

/// `text` as a string constant, to show a statement to people. What is run has its
/// values bound instead.
///
/// ```
/// assert_eq!(tenant_core::quote_literal("it's"), "'it''s'");
/// ```
#[must_use]
pub fn quote_literal(text: &str) -> String {
    literal(text)
}

/// `name` as an identifier: in double quotes, and those inside doubled.
pub(crate) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` as a string constant. The `E` form is used when there is a
/// backslash, so that it means the same whatever
/// `standard_conforming_strings` says.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_inside_a_name_cannot_end_it() {
        assert_eq!(
            ident(r#"a"; DROP SCHEMA b; --"#),
            r#""a""; DROP SCHEMA b; --""#
        );
    }

    #[test]
    fn quotes_and_backslashes_inside_a_text_cannot_end_it() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"\'; --"), r"E'\\''; --'");
    }
}
