//! [`TenantName`]: a name that is safe to be a schema.
//!
//! A raw string from outside becomes a `TenantName` once, at the edge. Nothing
//! below takes a tenant as a `&str`, so nothing below has to check again.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{InvalidSchemaName, SchemaName, SchemaNameRule, reserved};

/// PostgreSQL cuts longer identifiers short without an error
/// (`NAMEDATALEN - 1`, in bytes).
pub(super) const MAX_BYTES: usize = 63;

/// The name of a tenant. The name of its schema is a separate value, although both can be the same
/// text: see [`SchemaName`](crate::SchemaName).
///
/// A name parsed from a text starts with an ASCII letter or an underscore, and continues with ASCII
/// letters, digits and underscores. It has at most 63 bytes, and is neither a reserved PostgreSQL
/// keyword nor a system schema (`pg_*`, `public`, `information_schema`). Case is kept and
/// distinguished, as in quoted identifiers of PostgreSQL. For other names, set a pattern with
/// [`Naming::allowing`](crate::Naming::allowing), and parse texts with
/// [`Tenants::name`](crate::Tenants::name).
///
/// A string becomes a name only through this check:
///
/// ```
/// use tenant_core::TenantName;
///
/// let name: TenantName = "acme_corp".parse()?;
/// assert_eq!(name.as_str(), "acme_corp");
/// assert!("acme-corp".parse::<TenantName>().is_err());
/// # Ok::<(), tenant_core::InvalidName>(())
/// ```
///
/// ```compile_fail
/// let name: tenant_core::TenantName = "acme_corp".into();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct TenantName(String);

impl TenantName {
    /// Creates a name from any text that PostgreSQL accepts as a quoted identifier: 1 to 63 bytes,
    /// without NUL. Use it if you have your own rule for names.
    ///
    /// ```
    /// use tenant_core::TenantName;
    ///
    /// let name = TenantName::quoted("Big Bang, Inc.")?;
    /// assert_eq!(name.as_str(), "Big Bang, Inc.");
    /// assert!(TenantName::quoted("").is_err());
    /// # Ok::<(), tenant_core::InvalidName>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidName`] for any other text.
    pub fn quoted(text: &str) -> Result<Self, InvalidName> {
        let rule = match text.len() {
            0 => NameRule::Empty,
            _ if text.contains('\0') => NameRule::Nul,
            bytes if bytes > MAX_BYTES => NameRule::Bytes(bytes),
            _ => return Ok(Self(text.to_owned())),
        };
        Err(InvalidName::of(text, rule))
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for TenantName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match broken_rule(text) {
            None => Ok(Self(text.to_owned())),
            Some(rule) => Err(InvalidName::of(text, rule)),
        }
    }
}

impl TryFrom<&str> for TenantName {
    type Error = InvalidName;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<String> for TenantName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TenantName> for String {
    fn from(name: TenantName) -> Self {
        name.0
    }
}

impl From<&Self> for TenantName {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}

impl AsRef<str> for TenantName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Names are equal, ordered and hashed as their texts.
impl Borrow<str> for TenantName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A text that cannot be the name of a tenant, and which rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name:?} cannot be a tenant name: {rule}{}", rule.example())]
#[non_exhaustive]
pub struct InvalidName {
    /// The text that was given, cut after 64 characters.
    pub name: String,
    /// The first rule that it breaks.
    pub rule: NameRule,
}

impl InvalidName {
    /// The schema called `schema`, which the list of tenants has for the tenant `name`.
    pub(crate) fn with_schema(name: &str, schema: &str) -> Result<SchemaName, Self> {
        schema
            .parse()
            .map_err(|InvalidSchemaName { name: schema, rule }| {
                Self::of(name, NameRule::Schema { schema, rule })
            })
    }

    /// Whether it is no tenant's because two schemas can be its own.
    pub(crate) fn has_two_schemas(&self) -> bool {
        matches!(self.rule, NameRule::TwoSchemas { .. })
    }

    pub(crate) fn of(text: &str, rule: NameRule) -> Self {
        let name = text.chars().take(MAX_BYTES + 1).collect();
        Self { name, rule }
    }
}

/// The rules for names, in the order they are checked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameRule {
    /// The text is empty.
    #[error("it is empty")]
    Empty,
    /// A row of the list has no name.
    #[error("its row has NULL or an empty text")]
    NoName,
    /// The first character is not allowed.
    #[error("it starts with {0:?} instead of a letter (a-z, A-Z) or an underscore")]
    Start(char),
    /// A later character is not allowed.
    #[error("it contains {0:?}; only letters (a-z, A-Z), digits and underscores are allowed")]
    Character(char),
    /// The text is longer than PostgreSQL allows.
    #[error("it has {0} characters; PostgreSQL allows {MAX_BYTES}")]
    Length(usize),
    /// The text is a reserved word of SQL.
    #[error("it is a reserved word in PostgreSQL")]
    Keyword,
    /// The text is the name of a system schema.
    #[error("it is the name of a PostgreSQL system schema")]
    System,
    /// The text contains NUL.
    #[error("it contains a NUL character")]
    Nul,
    /// The text is longer than PostgreSQL allows.
    #[error("it has {0} bytes; PostgreSQL allows {MAX_BYTES}")]
    Bytes(usize),
    /// The text does not match the pattern for names: see
    /// [`Naming::allowing`](crate::Naming::allowing).
    #[error("it does not match the pattern `{0}`")]
    Pattern(String),
    /// The schema name would not be valid.
    #[error("its schema would be named {schema:?}: {rule}")]
    Schema {
        /// The name of the schema, cut after 64 characters.
        schema: String,
        /// The broken rule.
        rule: SchemaNameRule,
    },
    /// The list gives the same schema to another tenant.
    #[error("its schema `{0}` also belongs to another tenant")]
    Shared(SchemaName),
    /// Several rows of the list have the name.
    #[error("it is listed more than once")]
    Twice,
    /// The list and the table beside it name different schemas, and both can be right.
    #[error("it is listed with the schema `{listed}`, but its earlier schema `{kept}` also exists")]
    TwoSchemas {
        /// The schema in the list.
        listed: SchemaName,
        /// The schema in the table beside the list.
        kept: String,
    },
    /// The given schema differs from the schema by the template.
    #[error("its schema must be named `{0}`")]
    OtherSchema(SchemaName),
}

impl NameRule {
    /// A name that keeps the strict rule, where it is that rule which is broken.
    fn example(&self) -> &'static str {
        match self {
            Self::Nul | Self::NoName | Self::Bytes(_) | Self::Pattern(_) => "",
            Self::Schema { .. }
            | Self::OtherSchema(_)
            | Self::Shared(_)
            | Self::TwoSchemas { .. }
            | Self::Twice => "",
            _ => " (for example, `acme_corp`)",
        }
    }
}

fn broken_rule(text: &str) -> Option<NameRule> {
    let Some(first) = text.chars().next() else {
        return Some(NameRule::Empty);
    };
    if !(first.is_ascii_alphabetic() || first == '_') {
        return Some(NameRule::Start(first));
    }
    let odd = |c: &char| !(c.is_ascii_alphanumeric() || *c == '_');
    if let Some(character) = text.chars().find(odd) {
        return Some(NameRule::Character(character));
    }
    if text.len() > MAX_BYTES {
        return Some(NameRule::Length(text.len()));
    }
    let lower = text.to_ascii_lowercase();
    if reserved::is_reserved(&lower) {
        return Some(NameRule::Keyword);
    }
    let system = lower.starts_with("pg_") || lower == "public" || lower == "information_schema";
    system.then_some(NameRule::System)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_is_a_name_but_one_that_needs_no_quotes(text in "\\PC*|[ -~]{0,70}|[a-zA-Z0-9_\0\"$]{0,70}") {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let is_plain = text.chars().all(plain) && (1..=63).contains(&text.len());
            match text.parse::<TenantName>() {
                Ok(name) => {
                    prop_assert_eq!(name.as_str(), &text);
                    prop_assert!(is_plain && !text.starts_with(|c: char| c.is_ascii_digit()));
                }
                Err(error) => {
                    // It is told on one line, whatever it is.
                    prop_assert!(!error.to_string().chars().any(char::is_control), "{error}");
                }
            }
        }

        #[test]
        fn words_and_schemas_of_the_server_are_no_names_in_any_case(
            word in "(select|table|user|public|information_schema|pg_[a-z]{0,5})",
            upper in any::<u64>(),
        ) {
            let letters = word.char_indices().map(|(at, c)| {
                if upper >> (at % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c }
            });
            let mixed = letters.collect::<String>();
            prop_assert!(mixed.parse::<TenantName>().is_err(), "{mixed}");
        }
    }

    fn rule(text: &str) -> Option<NameRule> {
        text.parse::<TenantName>().err().map(|error| error.rule)
    }

    #[test]
    fn ordinary_names_are_accepted_as_they_are() {
        for name in [
            "acme",
            "_acme",
            "Acme_Corp_2",
            "a",
            &"x".repeat(63),
            "users",
            "value",
        ] {
            assert_eq!(name.parse::<TenantName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn each_rule_is_named_when_it_is_broken() {
        assert_eq!(rule(""), Some(NameRule::Empty));
        assert_eq!(rule("2fast"), Some(NameRule::Start('2')));
        assert_eq!(rule("\u{e9}tude"), Some(NameRule::Start('\u{e9}')));
        assert_eq!(rule("acme-corp"), Some(NameRule::Character('-')));
        assert_eq!(rule("a\"; DROP"), Some(NameRule::Character('"')));
        assert_eq!(rule("a\0"), Some(NameRule::Character('\0')));
        assert_eq!(rule(&"x".repeat(64)), Some(NameRule::Length(64)));
        assert_eq!(rule("select"), Some(NameRule::Keyword));
        assert_eq!(rule("SELECT"), Some(NameRule::Keyword));
        assert_eq!(rule("pg_temp"), Some(NameRule::System));
        assert_eq!(rule("PG_x"), Some(NameRule::System));
        assert_eq!(rule("public"), Some(NameRule::System));
        assert_eq!(rule("information_schema"), Some(NameRule::System));
    }

    #[test]
    fn the_message_says_what_is_wrong_and_shows_a_good_name() {
        let message = "acme corp".parse::<TenantName>().unwrap_err().to_string();
        assert_eq!(
            message,
            "\"acme corp\" cannot be a tenant name: it contains ' '; only letters (a-z, A-Z), digits and underscores are allowed (for example, `acme_corp`)"
        );
    }
}
