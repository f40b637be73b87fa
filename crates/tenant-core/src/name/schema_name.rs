//! [`SchemaName`]: the name of a schema that may be a tenant's.
//!
//! It says where a tenant's tables are, and not what the tenant is called. Both can be the
//! same text; nothing that takes one takes the other.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use sql_text::ident;
/// The rules for names of schemas, defined by [`tenant_path`].
pub use tenant_path::NameRule as SchemaNameRule;
use tenant_path::TenantPath;
use thiserror::Error;

use super::schema::MIGRATION_HISTORY;

/// The name of a schema that can be a tenant's or a spare: any identifier that PostgreSQL stores
/// without cutting it and does not reserve.
///
/// It has at most 63 bytes, contains no NUL, and is not a system schema (`pg_*`, `public`,
/// `information_schema`). It can contain hyphens, quotes, spaces and letters of any script, because
/// SQL text always quotes it.
///
/// ```
/// use tenant_core::SchemaName;
///
/// let name: SchemaName = "org_big-bang".parse()?;
/// assert_eq!(name.as_str(), "org_big-bang");
/// assert!("pg_toast".parse::<SchemaName>().is_err());
/// # Ok::<(), tenant_core::InvalidSchemaName>(())
/// ```
///
/// It is not a tenant name:
///
/// ```compile_fail
/// # let schema: tenant_core::SchemaName = "acme".parse().unwrap();
/// let tenant: tenant_core::TenantName = schema.into();
/// ```
///
/// A tenant name is not a schema name either. [`Tenants`](crate::Tenants) maps tenants to schemas:
///
/// ```compile_fail
/// # let tenant: tenant_core::TenantName = "acme".parse().unwrap();
/// let schema: tenant_core::SchemaName = tenant.into();
/// ```
///
/// A text becomes a schema name only through the check:
///
/// ```compile_fail
/// let schema: tenant_core::SchemaName = String::from("acme").into();
/// ```
///
/// ```compile_fail
/// # fn create(tenants: tenant_core::Tenants, schema: tenant_core::SchemaName) {
/// let created = tenants.create(&schema);
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct SchemaName(String);

impl SchemaName {
    /// Returns the name as text, unquoted.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, quoted.
    pub(crate) fn ident(&self) -> String {
        ident(&self.0)
    }

    /// The schema's table of applied migrations, qualified and quoted.
    pub(crate) fn ledger(&self) -> String {
        format!("{}.{}", self.ident(), ident(MIGRATION_HISTORY))
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for SchemaName {
    type Err = InvalidSchemaName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match TenantPath::new(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => Err(InvalidSchemaName {
                name: error.name,
                rule: error.rule,
            }),
        }
    }
}

impl TryFrom<&str> for SchemaName {
    type Error = InvalidSchemaName;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<String> for SchemaName {
    type Error = InvalidSchemaName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SchemaName> for String {
    fn from(name: SchemaName) -> Self {
        name.0
    }
}

impl AsRef<str> for SchemaName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Names are equal, ordered and hashed as their texts.
impl Borrow<str> for SchemaName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A text that cannot be the name of a tenant's schema, and which rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name:?} cannot be the name of a tenant's schema: {rule}")]
#[non_exhaustive]
pub struct InvalidSchemaName {
    /// The text that was given, cut after 64 characters.
    pub name: String,
    /// The first rule that it breaks.
    pub rule: SchemaNameRule,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What an identifier of SQL text means, as PostgreSQL reads one in quotes.
    fn read(identifier: &str) -> Option<String> {
        let inner = identifier.strip_prefix('"')?.strip_suffix('"')?;
        let halves = inner.replace("\"\"", "");
        (!halves.contains('"')).then(|| inner.replace("\"\"", "\""))
    }

    proptest! {
        #[test]
        fn quoted_a_name_means_itself(text in "\\PC{1,63}|[ -~]{1,63}|[\"'.\\\\ a-zA-Z$-]{1,63}") {
            if let Ok(name) = text.parse::<SchemaName>() {
                prop_assert_eq!(name.as_str(), &text);
                prop_assert_eq!(read(&name.ident()), Some(text.clone()));
                let ledger = name.ledger();
                let schema = ledger.strip_suffix(&format!(".{}", ident(MIGRATION_HISTORY)));
                prop_assert_eq!(schema.and_then(read), Some(text));
            }
        }

        #[test]
        fn each_name_of_a_tenant_can_be_that_of_a_schema(text in "[a-zA-Z_][a-zA-Z0-9_]{0,62}") {
            if let Ok(tenant) = text.parse::<crate::TenantName>() {
                prop_assert_eq!(crate::Naming::same().schema_of(&tenant), text.parse().ok());
            }
        }
    }

    fn rule(text: &str) -> Option<SchemaNameRule> {
        text.parse::<SchemaName>().err().map(|error| error.rule)
    }

    #[test]
    fn what_postgresql_takes_in_quotes_is_a_name() {
        for text in [
            "org_big-bang",
            "2fast",
            "a \"b\".c",
            "été",
            "Public",
            "select",
            "PG_x",
        ] {
            assert_eq!(rule(text), None, "{text}");
        }
    }

    #[test]
    fn each_rule_is_named_when_it_is_broken() {
        assert_eq!(rule(""), Some(SchemaNameRule::Empty));
        assert_eq!(rule("a\0"), Some(SchemaNameRule::Nul));
        assert_eq!(rule(&"é".repeat(32)), Some(SchemaNameRule::Length(64)));
        for system in ["pg_x", "public", "information_schema"] {
            assert_eq!(rule(system), Some(SchemaNameRule::System), "{system}");
        }
    }
}
