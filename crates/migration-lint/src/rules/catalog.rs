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

use crate::finding::Severity;

/// A rule, as it is named in findings, in ignores and in options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleInfo {
    /// The name: `qualified-name`.
    pub name: &'static str,
    /// What it finds: a noun phrase on one line, without a full stop.
    pub summary: &'static str,
    /// Whether it is on by default.
    pub on_by_default: bool,
}

impl RuleInfo {
    /// Whether it warns about the effect of a statement on a table in use. Such a statement
    /// may be intended.
    #[must_use]
    pub fn is_about_safety(&self) -> bool {
        of_squawk().any(|rule| rule.name == self.name)
    }

    /// How serious its findings are.
    #[must_use]
    pub fn severity(&self) -> Severity {
        severity(self.name)
    }

    /// Whether it is for tenants on a Citus cluster;
    /// [`Options::citus`](crate::Options::citus) turns it on.
    #[must_use]
    pub fn is_about_citus(&self) -> bool {
        citus::CITUS.iter().any(|rule| rule.name == self.name)
    }
}

/// All rules, in four groups: the rules of this crate, the rules for Citus, the rules of
/// squawk, and the rules of squawk that are off by default. Each group is sorted by name.
#[must_use]
pub fn rules() -> &'static [RuleInfo] {
    static ALL: LazyLock<Vec<RuleInfo>> = LazyLock::new(|| {
        let lists = [own::OURS, citus::CITUS, squawk::ON, squawk::OFF];
        lists.into_iter().flatten().copied().collect()
    });
    &ALL
}

/// Rules written here whose findings only deserve a look.
const MILD: &[&str] = &[
    "also-in-public",
    "bad-ignore",
    "citus-constraint-name",
    "empty-up",
    "migration-name",
    "missing-down",
    "mixed-transaction",
    "unused-ignore",
];

/// Rules about a file or a folder, and not about one of its lines.
const ABOUT_WHOLE_FILES: &[&str] = &[
    "bad-metadata",
    "duplicate-version",
    "empty-up",
    "migration-name",
    "missing-down",
    "not-a-migration",
    "not-newest",
    "too-complex",
    "unreadable-file",
];

/// How serious findings of the rule `name` are.
pub(crate) fn severity(name: &str) -> Severity {
    match MILD.contains(&name) || of_squawk().any(|rule| rule.name == name) {
        true => Severity::Warning,
        false => Severity::Error,
    }
}

/// Whether findings of the rule `name` are about a file or a folder as a whole.
pub(crate) fn is_about_whole_file(name: &str) -> bool {
    ABOUT_WHOLE_FILES.contains(&name)
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

    #[test]
    fn every_rule_in_a_list_exists() {
        for name in MILD.iter().chain(ABOUT_WHOLE_FILES) {
            assert!(is_known(name), "{name}");
        }
    }
}
