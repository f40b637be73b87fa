//! Which texts can be the name of a schema in the path.

use thiserror::Error;

/// How many bytes of a name PostgreSQL keeps.
const MAX_BYTES: usize = 63;

/// A text that cannot be the name of a schema in a tenant's path, and which rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
#[error("{name:?} cannot be a schema in a tenant's path: {rule}")]
pub struct InvalidName {
    /// The text that was given, cut after 64 characters.
    pub name: String,
    /// The first rule that it breaks.
    pub rule: NameRule,
}

/// The rules for names, in the order they are checked.
///
/// Source: PostgreSQL manual, "Identifiers and Key Words", "CREATE SCHEMA".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameRule {
    /// The text is empty.
    #[error("it is empty")]
    Empty,
    /// The text contains NUL.
    #[error("it contains a NUL character")]
    Nul,
    /// The text is longer than PostgreSQL allows.
    #[error("it has {0} bytes; PostgreSQL allows {MAX_BYTES}")]
    Length(usize),
    /// The text is the name of a system schema.
    #[error("it is the name of a PostgreSQL system schema")]
    System,
    /// The text is `$user`, which PostgreSQL replaces with the name of the role.
    #[error("PostgreSQL reads it in a search_path as the name of the role")]
    Role,
}

/// Checks the name of a tenant's schema.
pub(crate) fn of_tenant(text: &str) -> Result<String, InvalidName> {
    match text {
        "public" => Err(invalid(text, NameRule::System)),
        _ => behind(text),
    }
}

/// Checks the name of a schema behind the tenant's own, where `public` may be.
pub(crate) fn behind(text: &str) -> Result<String, InvalidName> {
    broken_rule(text).map_or_else(|| Ok(text.to_owned()), |rule| Err(invalid(text, rule)))
}

fn invalid(text: &str, rule: NameRule) -> InvalidName {
    InvalidName {
        name: text.chars().take(MAX_BYTES + 1).collect(),
        rule,
    }
}

fn broken_rule(text: &str) -> Option<NameRule> {
    if text.is_empty() {
        return Some(NameRule::Empty);
    }
    if text.contains('\0') {
        return Some(NameRule::Nul);
    }
    if text.len() > MAX_BYTES {
        return Some(NameRule::Length(text.len()));
    }
    if text == "$user" {
        return Some(NameRule::Role);
    }
    (text.starts_with("pg_") || text == "information_schema").then_some(NameRule::System)
}
