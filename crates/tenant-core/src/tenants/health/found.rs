//! [`Health`]: what a health check found.

use std::collections::BTreeMap;

use super::in_both::InBoth;
use crate::Error;
use crate::report::{Problem, ProblemKind};
use crate::tenants::trial::{is_for_another_session, is_for_no_transaction};

/// The result of a health check.
#[derive(Debug)]
#[non_exhaustive]
pub struct Health {
    /// How many tenants were checked.
    pub checked: usize,
    /// How many of them could not be read, such as tenants on an unreachable node. Nothing is known
    /// about them.
    pub unread: usize,
    /// How many of them match their migrations exactly; `None` if the check was a quick one, or if
    /// this is unknown.
    pub as_expected: Option<usize>,
    /// The tenants and spares, by name, that were not compared because another session held a lock
    /// in them. For example, a migration was running.
    pub busy: Vec<String>,
    /// The problems: first of the public schema, then by tenant.
    pub problems: Vec<Problem>,
    /// Why the expected definition is unknown, if it is. For example, the migrations need more than
    /// one transaction, and no scratch database could be created.
    pub not_checked: Option<Error>,
    /// What differs between runs of the migrations, in words, such as a default that contains a
    /// time. It was not compared.
    pub varying: Vec<String>,
    /// Objects that both tenants and a schema behind them in the search path have, the most
    /// frequent first. These are no problems, because the tenant's object is used.
    pub in_both: Vec<InBoth>,
    pub(super) all_are_busy: bool,
}

impl Health {
    /// Whether the check covered everything and found no problem. A check that compared no tenant
    /// is not healthy.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.problems.is_empty() && !self.compared_nothing()
    }

    /// Whether there are tenants, but none could be compared with its migrations.
    #[must_use]
    pub fn compared_nothing(&self) -> bool {
        self.checked > 0 && (self.not_checked.is_some() || self.all_are_busy)
    }

    /// Groups equal problems of several tenants, the most frequent first: the problem in words, and
    /// the tenants by name. Problems that concern no single tenant are left out.
    #[must_use]
    pub fn groups(&self) -> Vec<(String, Vec<&Problem>)> {
        let mut groups = BTreeMap::<String, Vec<&Problem>>::new();
        let of_tenants = self.problems.iter().filter(|it| it.tenant.is_some());
        for problem in of_tenants {
            groups
                .entry(problem.kind.to_string())
                .or_default()
                .push(problem);
        }
        let mut groups = groups.into_iter().collect::<Vec<_>>();
        groups.sort_by_key(|(_, problems)| std::cmp::Reverse(problems.len()));
        groups
    }

    /// Adds a problem of no single tenant.
    pub(super) fn about_all(&mut self, kind: ProblemKind) {
        self.problems.push(Problem { tenant: None, kind });
    }

    /// Keeps why the migrations could not be tried.
    pub(super) fn not_tried(&mut self, error: Error) {
        match error.sqlstate() {
            Some("42501") => self.about_all(ProblemKind::TablesNotChecked(error)),
            _ if matches!(error, Error::Standby { .. }) => {
                self.about_all(ProblemKind::TablesNotChecked(error));
            }
            _ if is_for_no_transaction(&error) || is_for_another_session(&error) => {
                self.not_checked = Some(error);
            }
            _ => self.about_all(ProblemKind::BrokenMigrations(error)),
        }
    }
}
