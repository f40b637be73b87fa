//! [`Health`]: what a health check found.

use std::collections::BTreeMap;

use super::in_both::InBoth;
use crate::Error;
use crate::report::{Problem, ProblemKind};
use crate::tenants::trial::{is_for_another_session, is_for_no_transaction};

/// What a health check found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Health {
    /// How many tenants were looked at.
    pub checked: usize,
    /// How many of them could not be read, such as those on a server that is away. Nothing
    /// is known of these.
    pub unread: usize,
    /// How many of them look exactly as their migrations make them; `None` when the
    /// check was a quick one, or could not know that.
    pub as_expected: Option<usize>,
    /// The tenants and spares that were not compared with what their migrations make,
    /// because another session held a lock in them, such as a migration under way. By name.
    pub busy: Vec<String>,
    /// What is wrong, the public schema first, then by tenant.
    pub problems: Vec<Problem>,
    /// Why it is not known what the tenants should look like, when it is not: these
    /// migrations cannot all be tried in one transaction, and no database could be
    /// made to try them in.
    pub not_checked: Option<Error>,
    /// What each run of the migrations makes differently, such as a default with the moment
    /// in it, in words: it was not compared.
    pub varying: Vec<String>,
    /// What tenants have and a schema behind theirs in the path at run time as well, what
    /// most tenants have first. It is worth a look and no problem: the tenant's own is used.
    pub in_both: Vec<InBoth>,
    pub(super) all_are_busy: bool,
}

impl Health {
    /// Whether everything that was to be checked was, and is as it should be. A check
    /// that compared no tenant at all is not healthy.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.problems.is_empty() && !self.compared_nothing()
    }

    /// Whether there are tenants, and none could be compared with what their migrations
    /// create.
    #[must_use]
    pub fn compared_nothing(&self) -> bool {
        self.checked > 0 && (self.not_checked.is_some() || self.all_are_busy)
    }

    /// The same problem of several tenants as one, the most frequent first: what is
    /// wrong in words, and the tenants by name. What is no single tenant's is left out.
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
