//! [`Naming`]: which names a fleet's tenants may have, and which schema is whose.

use std::fmt;

use regex::Regex;
use thiserror::Error;

use super::tenant::NameRule;
use super::{InvalidName, InvalidSchemaName, SchemaName, TenantName};

/// Where the name stands in a template.
const NAME: &str = "{name}";

/// The rules for tenant names and for the names of their schemas.
///
/// By default, names follow the strict rule (see [`TenantName`]), and each schema has its tenant's
/// name. A template adds text around the name, and a pattern allows other names:
///
/// ```
/// use tenant_core::Naming;
///
/// let naming = Naming::template("org_{name}")?.allowing("[a-z][a-z0-9-]{1,50}")?;
/// let name = naming.name("big-bang")?;
/// assert_eq!(naming.schema_of(&name).unwrap().as_str(), "org_big-bang");
/// assert!(naming.name("Big Bang").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`Naming::name`] turns every outside text into a name. The rule applies to new names only, so
/// registered names are always read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Naming {
    schemas: Schemas,
    names: Names,
}

/// What a schema is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Schemas {
    /// As its tenant.
    #[default]
    Same,
    /// As its tenant, with something around the name.
    Around { prefix: String, suffix: String },
    /// As the list of tenants says.
    Mapped,
}

/// Which names may be given.
#[derive(Debug, Clone, Default)]
enum Names {
    /// Those that need no quotes.
    #[default]
    Strict,
    /// Those that match this pattern as a whole, as it was written.
    Matching { pattern: String, regex: Regex },
}

/// Patterns are equal as their texts.
impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.pattern() == other.pattern()
    }
}

impl Eq for Names {}

/// An invalid template or pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidNaming {
    /// The template does not contain `{name}` exactly once.
    #[error("{0:?} cannot be a template for schema names: it must contain `{NAME}` exactly once")]
    Template(String),
    /// The template creates names that no schema can have.
    #[error("{template:?} cannot be a template for schema names: {rule}")]
    Around {
        /// The template.
        template: String,
        /// The rule that the schema of a tenant named `a` would break.
        rule: super::SchemaNameRule,
    },
    /// The pattern is not a regular expression.
    #[error("{pattern:?} cannot be a pattern for tenant names: {message}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Naming {
    /// Gives each schema the name of its tenant. This is the default.
    #[must_use]
    pub fn same() -> Self {
        Self::default()
    }

    /// Names schemas by this template, in which `{name}` stands for the tenant's name:
    /// `org_{name}`.
    ///
    /// # Errors
    ///
    /// [`InvalidNaming`] unless the template contains `{name}` exactly once and creates valid
    /// names.
    pub fn template(template: &str) -> Result<Self, InvalidNaming> {
        let invalid = || InvalidNaming::Template(template.to_owned());
        let (prefix, suffix) = template.split_once(NAME).ok_or_else(invalid)?;
        if suffix.contains(NAME) {
            return Err(invalid());
        }
        let around = |name: &str| format!("{prefix}{name}{suffix}");
        if let Err(InvalidSchemaName { rule, .. }) = around("a").parse::<SchemaName>() {
            let template = template.to_owned();
            return Err(InvalidNaming::Around { template, rule });
        }
        let schemas = match (prefix, suffix) {
            ("", "") => Schemas::Same,
            _ => Schemas::Around {
                prefix: prefix.to_owned(),
                suffix: suffix.to_owned(),
            },
        };
        let names = Names::default();
        Ok(Self { schemas, names })
    }

    /// Reads a tenant's schema from the list of tenants, which has a column for it. Create tenants
    /// with [`Tenants::create_in`](crate::Tenants::create_in), which takes both names.
    #[must_use]
    pub fn mapped() -> Self {
        Self {
            schemas: Schemas::Mapped,
            names: Names::default(),
        }
    }

    /// The same, with the schema taken from the list.
    pub(crate) fn by_list(self) -> Self {
        let schemas = Schemas::Mapped;
        Self { schemas, ..self }
    }

    /// Allows names that fully match this regular expression, instead of the strict rule. Names
    /// always have at most 63 bytes and no NUL.
    ///
    /// # Errors
    ///
    /// [`InvalidNaming::Pattern`] if it is not a regular expression.
    pub fn allowing(self, pattern: &str) -> Result<Self, InvalidNaming> {
        let compiled = |text: &str| {
            Regex::new(text).map_err(|error| InvalidNaming::Pattern {
                pattern: pattern.to_owned(),
                message: in_one_line(&error),
            })
        };
        // By itself first: `a)|(b` must not become one by what is put around it.
        compiled(pattern)?;
        let names = Names::Matching {
            pattern: pattern.to_owned(),
            regex: compiled(&format!(r"\A(?:{pattern}{})\z", end_of_comment(pattern)))?,
        };
        Ok(Self { names, ..self })
    }

    /// Turns an outside text into a tenant name.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] with the broken rule. The check includes the schema name that the template
    /// creates.
    pub fn name(&self, text: &str) -> Result<TenantName, InvalidName> {
        let name = match &self.names {
            Names::Strict => text.parse()?,
            Names::Matching { pattern, regex } => {
                let name = TenantName::quoted(text)?;
                if !regex.is_match(text) {
                    return Err(InvalidName::of(text, NameRule::Pattern(pattern.clone())));
                }
                name
            }
        };
        self.derived(&name)?;
        Ok(name)
    }

    /// Returns the schema of the tenant `name`; `None` if only the list of tenants knows it, or if
    /// no schema can have that name.
    #[must_use]
    pub fn schema_of(&self, name: &TenantName) -> Option<SchemaName> {
        self.derived(name).ok().flatten()
    }

    /// Whether the list of tenants gives the schema of each tenant.
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        self.schemas == Schemas::Mapped
    }

    /// Whether each schema is called as its tenant.
    pub(crate) fn is_same(&self) -> bool {
        self.schemas == Schemas::Same
    }

    /// The schema of the tenant `name`; none if only the list of tenants knows.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if no schema can be called so.
    pub(crate) fn derived(&self, name: &TenantName) -> Result<Option<SchemaName>, InvalidName> {
        let schema = match &self.schemas {
            Schemas::Mapped => return Ok(None),
            Schemas::Same => name.as_str().parse(),
            Schemas::Around { prefix, suffix } => format!("{prefix}{name}{suffix}").parse(),
        };
        match schema {
            Ok(schema) => Ok(Some(schema)),
            Err(InvalidSchemaName { name: schema, rule }) => {
                let rule = NameRule::Schema { schema, rule };
                Err(InvalidName::of(name.as_str(), rule))
            }
        }
    }

    /// Sees that the schema of the tenant `name` may be called `schema`.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if it has to be called differently.
    pub(crate) fn require_schema(
        &self,
        name: &TenantName,
        schema: &SchemaName,
    ) -> Result<(), InvalidName> {
        match self.derived(name)? {
            Some(derived) if derived != *schema => {
                let rule = NameRule::OtherSchema(derived);
                Err(InvalidName::of(name.as_str(), rule))
            }
            _ => Ok(()),
        }
    }

    /// The tenant whose schema is called `schema`, if one's can be by what is known here.
    pub(crate) fn tenant_of(&self, schema: &SchemaName) -> Option<TenantName> {
        let text = match &self.schemas {
            Schemas::Mapped => return None,
            Schemas::Same => schema.as_str(),
            Schemas::Around { prefix, suffix } => {
                let rest = schema.as_str().strip_prefix(prefix.as_str())?;
                rest.strip_suffix(suffix.as_str())?
            }
        };
        self.name(text).ok()
    }

    /// Whether an unregistered schema can belong to a tenant whose row was lost, judged by its
    /// name. If only the list knows the names of schemas, an empty schema could belong to anything.
    pub(crate) fn may_be_a_tenants(&self, schema: &SchemaName, is_empty: bool) -> bool {
        match &self.schemas {
            Schemas::Same => true,
            Schemas::Around { .. } => self.tenant_of(schema).is_some(),
            Schemas::Mapped => !is_empty,
        }
    }

    /// The name that a row of the list of tenants has.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if none can be called so. A name that the rule for new ones does not
    /// allow is one all the same: it is there.
    pub(crate) fn registered(&self, text: &str) -> Result<TenantName, InvalidName> {
        let name = TenantName::quoted(text)?;
        self.derived(&name)?;
        Ok(name)
    }

    /// An expression of type `text`: the schema of the tenant whose name is the expression
    /// `key`; none if only the list of tenants knows.
    pub(crate) fn sql(&self, key: &str) -> Option<String> {
        let around = |text: &str, before: &str, after: &str| match text {
            "" => String::new(),
            text => format!("{before}{}{after}", sql_text::literal(text)),
        };
        match &self.schemas {
            Schemas::Mapped => None,
            Schemas::Same => Some(key.to_owned()),
            Schemas::Around { prefix, suffix } => Some(format!(
                "({}{key}::text{})",
                around(prefix, "", " || "),
                around(suffix, " || ", "")
            )),
        }
    }

    /// A made-up name that migrations are tried under, with what the template puts around
    /// the names of schemas: a migration may depend on that.
    pub(crate) fn around_trial(&self, made_up: &str) -> String {
        match &self.schemas {
            Schemas::Around { prefix, suffix } => format!("{prefix}{made_up}{suffix}"),
            Schemas::Same | Schemas::Mapped => made_up.to_owned(),
        }
    }
}

impl Names {
    fn pattern(&self) -> Option<&str> {
        match self {
            Self::Strict => None,
            Self::Matching { pattern, .. } => Some(pattern),
        }
    }
}

/// As it is written in settings: the template, and the pattern.
impl fmt::Display for Naming {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schemas {
            Schemas::Same => formatter.write_str(NAME)?,
            Schemas::Mapped => formatter.write_str("as the list says")?,
            Schemas::Around { prefix, suffix } => write!(formatter, "{prefix}{NAME}{suffix}")?,
        }
        match self.names.pattern() {
            Some(pattern) => write!(formatter, ", names matching {pattern}"),
            None => Ok(()),
        }
    }
}

/// In the mode `x` a comment runs to the end of its line.
fn end_of_comment(pattern: &str) -> &'static str {
    if pattern.contains('#') { "\n" } else { "" }
}

/// The last line of such an error says what is wrong; those before show where.
fn in_one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> SchemaName {
        text.parse().unwrap()
    }

    #[test]
    fn without_settings_a_schema_is_called_as_its_tenant() {
        let acme = "acme".parse::<TenantName>().unwrap();
        let naming = Naming::same();
        assert_eq!(naming.tenant_of(&schema("acme")), Some(acme.clone()));
        assert_eq!(naming.schema_of(&acme), Some(schema("acme")));
        // No tenant can be called like it.
        assert_eq!(naming.tenant_of(&schema("big-bang")), None);
        assert!(naming.name("big-bang").is_err());
        assert_eq!(Naming::template("{name}").unwrap(), naming);
    }

    #[test]
    fn a_template_leads_from_a_name_to_its_schema_and_back() {
        let naming = Naming::template("org_{name}-x").unwrap();
        let acme = naming.name("acme").unwrap();
        assert_eq!(naming.schema_of(&acme), Some(schema("org_acme-x")));
        assert_eq!(naming.tenant_of(&schema("org_acme-x")), Some(acme));
        for other in ["acme", "org_acme", "org_-x", "org_a b-x", "Org_acme-x"] {
            assert_eq!(naming.tenant_of(&schema(other)), None, "{other}");
        }
        assert_eq!(
            naming.sql("t.name").unwrap(),
            "('org_' || t.name::text || '-x')"
        );
    }

    #[test]
    fn a_template_that_makes_no_schema_is_refused() {
        for template in ["", "org_", "{name}{name}", "{NAME}", "org_{name} {name}"] {
            let refused = Naming::template(template);
            assert!(
                matches!(refused, Err(InvalidNaming::Template(_))),
                "{template}"
            );
        }
        for template in [
            "pg_{name}",
            "a\0{name}",
            &format!("{}{{name}}", "x".repeat(63)),
        ] {
            let refused = Naming::template(template);
            assert!(
                matches!(refused, Err(InvalidNaming::Around { .. })),
                "{template}"
            );
        }
    }

    #[test]
    fn a_pattern_says_of_the_whole_name_what_it_may_be() {
        let naming = Naming::template("org_{name}").unwrap();
        let naming = naming.allowing("[a-z][a-z0-9-]{1,50}|Ü").unwrap();
        for good in ["big-bang", "a1", "Ü", "select"] {
            assert_eq!(naming.name(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "a",
            "1a",
            "big-bang\n",
            "xx Ü",
            "Big",
            "a\0",
            "no_underscore",
        ] {
            assert!(naming.name(bad).is_err(), "{bad:?}");
        }
        let error = naming.name("Big").unwrap_err().to_string();
        assert_eq!(
            error,
            "\"Big\" cannot be a tenant name: it does not match the pattern \
             `[a-z][a-z0-9-]{1,50}|Ü`"
        );
        // What is registered is read.
        assert!(naming.registered("Big").is_ok());
        assert!(Naming::same().allowing("a)|(b").is_err());
        assert!(
            Naming::same()
                .allowing("(?x) a+ # comment")
                .unwrap()
                .name("aa")
                .is_ok()
        );
    }

    #[test]
    fn a_name_is_refused_whose_schema_would_be_cut() {
        let naming = Naming::template("organisation_{name}").unwrap();
        assert!(naming.name(&"x".repeat(50)).is_ok());
        let error = naming.name(&"x".repeat(51)).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("it has 64 bytes; PostgreSQL allows 63"),
            "{error}"
        );
        let own = Naming::same().allowing(".*").unwrap();
        for bad in ["public", "pg_x", "a\0", &"é".repeat(32)] {
            assert!(own.name(bad).is_err(), "{bad}");
        }
        assert!(own.name(&"é".repeat(31)).is_ok());
    }
}
