//! The options of a project, and their form in TOML.

use serde::Deserialize;
use thiserror::Error;

use crate::rules::catalog;
use crate::stream::SharedNames;

/// The oldest major version of PostgreSQL the migrations are to run on, unless
/// the project says otherwise: the oldest that is still maintained.
const OLDEST_POSTGRES: u32 = 14;

/// The oldest version for which the rules know what is safe.
const OLDEST_KNOWN: u32 = 12;

/// The options of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Schemas that tenant migrations may name, such as the schema of the extensions.
    /// Write names as PostgreSQL stores them. `pg_catalog`, `information_schema` and
    /// `pg_temp` are always allowed.
    pub allowed_schemas: Vec<String>,
    /// Rules to turn off.
    pub disabled_rules: Vec<String>,
    /// Rules to turn on that are off by default.
    pub enabled_rules: Vec<String>,
    /// The oldest major version of PostgreSQL that the migrations must support.
    pub postgres_version: u32,
    /// Whether to turn on the rules for tenants on a Citus cluster.
    pub citus: bool,
    /// The versions of the migrations that already exist elsewhere, such as on the
    /// target branch of a merge. Every other migration must be newer. The TOML text
    /// does not contain them, because they differ per stream.
    pub base_versions: Option<Vec<String>>,
    /// The names that the public migrations create, for the rule `also-in-public`: see
    /// [`created_names`](crate::created_names). The TOML text does not contain them.
    pub shared_names: SharedNames,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allowed_schemas: Vec::new(),
            disabled_rules: Vec::new(),
            enabled_rules: Vec::new(),
            postgres_version: OLDEST_POSTGRES,
            citus: false,
            base_versions: None,
            shared_names: SharedNames::default(),
        }
    }
}

/// The text, before its words are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    allowed_schemas: Vec<String>,
    #[serde(default)]
    disabled_rules: Vec<String>,
    #[serde(default)]
    enabled_rules: Vec<String>,
    #[serde(default = "oldest_postgres")]
    postgres_version: u32,
    #[serde(default)]
    citus: bool,
}

fn oldest_postgres() -> u32 {
    OLDEST_POSTGRES
}

impl Options {
    /// Reads options from TOML. Every key is optional:
    ///
    /// ```
    /// let options = migration_lint::Options::parse(
    ///     r#"
    ///     allowed_schemas = ["extensions"]
    ///     disabled_rules = ["prefer-text-field"]
    ///     enabled_rules = ["ban-drop-trigger"]
    ///     postgres_version = 15
    ///     citus = true
    ///     "#,
    /// )?;
    /// assert_eq!(options.allowed_schemas, ["extensions"]);
    /// # Ok::<(), migration_lint::OptionsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`OptionsError`] if the text is not TOML, has an unknown key, a wrong type, an
    /// unknown rule or an unsupported version.
    pub fn parse(text: &str) -> Result<Self, OptionsError> {
        let written = toml::from_str::<Written>(text).map_err(OptionsError::Toml)?;
        let options = Self {
            allowed_schemas: written.allowed_schemas,
            disabled_rules: written.disabled_rules,
            enabled_rules: written.enabled_rules,
            postgres_version: written.postgres_version,
            citus: written.citus,
            ..Self::default()
        };
        options.checked()
    }

    /// The same options, after a check of their rules and version. Call it for options
    /// that do not come from [`parse`](Self::parse).
    ///
    /// # Errors
    ///
    /// [`OptionsError`] for an unknown rule or an unsupported version.
    pub fn checked(self) -> Result<Self, OptionsError> {
        for rule in self.disabled_rules.iter().chain(&self.enabled_rules) {
            if !catalog::is_known(rule) {
                return Err(OptionsError::unknown_rule(rule));
            }
        }
        let both = |rule: &&String| self.disabled_rules.contains(rule);
        if let Some(rule) = self.enabled_rules.iter().find(both) {
            return Err(OptionsError::OnAndOff { rule: rule.clone() });
        }
        if self.postgres_version < OLDEST_KNOWN {
            return Err(OptionsError::TooOld {
                version: self.postgres_version,
            });
        }
        Ok(self)
    }

    /// Whether the rule is on; false for an unknown name.
    #[must_use]
    pub fn is_on(&self, rule: &str) -> bool {
        let names = |rules: &[String]| rules.iter().any(|name| name == rule);
        !names(&self.disabled_rules) && (names(&self.enabled_rules) || self.is_on_by_itself(rule))
    }

    /// Whether it is on if neither list names it.
    fn is_on_by_itself(&self, rule: &str) -> bool {
        catalog::find(rule)
            .is_some_and(|rule| rule.on_by_default || self.citus && rule.is_about_citus())
    }
}

/// Invalid options.
#[derive(Debug, Error)]
pub enum OptionsError {
    /// The text is not TOML or has unknown keys; the source names line and key.
    #[error("could not read the lint options")]
    Toml(#[source] toml::de::Error),
    /// An unknown rule.
    #[error("unknown rule `{rule}`{}", meant.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownRule {
        /// The name.
        rule: String,
        /// The most similar existing name.
        meant: Option<&'static str>,
    },
    /// A rule that is both enabled and disabled.
    #[error("rule `{rule}` is in both `enabled_rules` and `disabled_rules`")]
    OnAndOff {
        /// The name.
        rule: String,
    },
    /// A version of PostgreSQL that the rules do not support.
    #[error("`postgres_version` is {version}, but the oldest supported version is {OLDEST_KNOWN}")]
    TooOld {
        /// The version.
        version: u32,
    },
}

impl OptionsError {
    fn unknown_rule(rule: &str) -> Self {
        Self::UnknownRule {
            rule: rule.to_owned(),
            meant: catalog::most_like(rule),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_text_gives_the_defaults() {
        assert_eq!(Options::parse("").unwrap(), Options::default());
    }

    #[test]
    fn mistakes_are_named() {
        let said = |text: &str| {
            let error = Options::parse(text).unwrap_err();
            let source = std::error::Error::source(&error).map(ToString::to_string);
            format!("{error}: {}", source.unwrap_or_default())
        };
        assert!(said("ignored = []").contains("unknown field `ignored`"));
        assert!(said("allowed_schemas = 'a'").contains("line 1"));
        assert!(said("disabled_rules = ['qualified-names']").contains(
            "did you mean \
                                                                   `qualified-name`?"
        ));
        assert!(said("disabled_rules = ['x']").contains("unknown rule `x`"));
        assert!(said("postgres_version = 9").contains("is 9"));
        let both = "disabled_rules = ['extension']\nenabled_rules = ['extension']";
        assert!(said(both).contains("both"));
    }

    #[test]
    fn a_rule_is_on_unless_it_is_disabled_or_off_by_default() {
        let text = "disabled_rules = ['extension']\nenabled_rules = ['ban-drop-index']";
        let options = Options::parse(text).unwrap();
        assert!(!options.is_on("extension"));
        assert!(options.is_on("search-path"));
        assert!(options.is_on("ban-drop-index"));
        assert!(!options.is_on("ban-drop-trigger"));
        assert!(!options.is_on("no-such-rule"));
    }

    #[test]
    fn the_rules_for_citus_are_on_where_it_is() {
        assert!(!Options::default().is_on("citus-trigger"));
        let text = "citus = true\ndisabled_rules = ['citus-trigger']";
        let options = Options::parse(text).unwrap();
        assert!(!options.is_on("citus-trigger"));
        assert!(options.is_on("citus-policy"));
    }
}
