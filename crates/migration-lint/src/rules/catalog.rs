//! Every rule by name, with a line on what it finds.
//!
//! Which rules of squawk are on follows from how migrations are run here.
//!
//! Off, because they contradict it: `require-table-schema` (a tenant's tables
//! are named without one), `require-lock-timeout` and
//! `require-statement-timeout` (a run sets its own), `prefer-robust-stmts` (a
//! tenant's migrations are one transaction, and `IF NOT EXISTS` would hide that
//! a tenant has drifted). Off, because a rule of ours covers them:
//! `transaction-nesting`, `ban-uncommitted-transaction`,
//! `ban-concurrent-index-creation-in-transaction`.
//!
//! Of the rules about taste, those stay on whose advice spares a rewrite of the
//! table in every tenant later: `prefer-bigint-over-int`, `prefer-text-field`,
//! `prefer-timestamp-tz`, `prefer-identity`. `prefer-bigint-over-smallint` is
//! off: people write INT without a thought, but SMALLINT after one.
//!
//! Those that squawk leaves to a project's choice stay off. Most object to
//! changes that are the very purpose of a migration, such as a new column; what
//! is shared by all tenants is guarded by `shared-object`.

mod citus;
mod own;
mod squawk;

use std::sync::LazyLock;

/// A rule, as it is named in findings, in ignores and in options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleInfo {
    /// The name: `qualified-name`.
    pub name: &'static str,
    /// What it finds, on one line.
    pub summary: &'static str,
    /// Whether it is asked unless the options say otherwise.
    pub on_by_default: bool,
}

impl RuleInfo {
    /// Whether it warns of what a statement does to a table in use, and not of
    /// what a migration must never do. Such a statement may be meant.
    #[must_use]
    pub fn is_about_safety(&self) -> bool {
        of_squawk().any(|rule| rule.name == self.name)
    }

    /// Whether it is for tenants on a Citus cluster, and asked where
    /// [`Options::citus`](crate::Options::citus) says so.
    #[must_use]
    pub fn is_about_citus(&self) -> bool {
        citus::CITUS.iter().any(|rule| rule.name == self.name)
    }
}

/// All rules, each group in alphabetical order: ours, those for Citus, those of
/// squawk, and those of squawk that are off by default.
#[must_use]
pub fn rules() -> &'static [RuleInfo] {
    static ALL: LazyLock<Vec<RuleInfo>> = LazyLock::new(|| {
        let lists = [own::OURS, citus::CITUS, squawk::ON, squawk::OFF];
        lists.into_iter().flatten().copied().collect()
    });
    &ALL
}

/// The rules that squawk has.
pub(crate) fn of_squawk() -> impl Iterator<Item = &'static RuleInfo> {
    squawk::ON.iter().chain(squawk::OFF)
}

pub(crate) fn is_known(name: &str) -> bool {
    find(name).is_some()
}

pub(crate) fn find(name: &str) -> Option<&'static RuleInfo> {
    rules().iter().find(|rule| rule.name == name)
}

/// The rule whose name shares most of its beginning with `name`.
pub(crate) fn most_like(name: &str) -> Option<&'static str> {
    let shared = |rule: &str| {
        let pairs = rule.bytes().zip(name.bytes());
        pairs.take_while(|(one, other)| one == other).count()
    };
    let names = rules().iter().map(|rule| rule.name);
    names
        .max_by_key(|rule| shared(rule))
        .filter(|rule| shared(rule) >= 5)
}

const fn on(name: &'static str, summary: &'static str) -> RuleInfo {
    RuleInfo {
        name,
        summary,
        on_by_default: true,
    }
}

const fn off(name: &'static str, summary: &'static str) -> RuleInfo {
    RuleInfo {
        name,
        summary,
        on_by_default: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_one_name_and_one_line() {
        let mut names = rules().iter().map(|rule| rule.name).collect::<Vec<_>>();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for rule in rules() {
            let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(rule.name.chars().all(kebab), "{}", rule.name);
            assert!(!rule.summary.contains('\n') && !rule.summary.ends_with('.'));
        }
    }
}
