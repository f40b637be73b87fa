//! Which tenants there are, as far as was asked lately.
//!
//! What is known is only a guess that saves a round trip: each transaction checks
//! that the tenant's schema is there. So what is out of date costs another
//! question, and never shows a wrong row.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::suspended::SuspendedTenant;
use super::tag::Tag;
use crate::TenantName;
use crate::name::Target;

/// For how long a tenant is taken to be there and alike.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// How long a name is taken to be unknown. The time is short, because another program may create
/// that tenant, and long enough to slow down attempts to guess names.
const UNKNOWN_FOR: Duration = Duration::from_secs(1);

/// How many names are remembered, so that guessed names cannot fill the memory.
const MOST: usize = 50_000;

/// What is known of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// A tenant.
    Tenant(Whereabouts),
    /// No tenant.
    Nobody,
}

/// What is known of an existing tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whereabouts {
    /// What its statements carry.
    pub(super) tag: Tag,
    /// The tenant with its schema.
    pub(super) target: Target,
    /// Why it is not served, if it is not.
    pub(super) suspended: Option<Arc<SuspendedTenant>>,
}

/// What is known of all names. Shared by a pool and by those who change tenants.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    entries: Mutex<HashMap<TenantName, Entry>>,
    /// How often something was forgotten.
    changes: AtomicU64,
}

/// A moment before the database is asked about a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked(u64);

impl Known {
    /// For how long it is taken to be so. The end of a suspension is the end of that.
    fn until(&self, now: Instant) -> Instant {
        match self {
            Self::Nobody => now + UNKNOWN_FOR,
            Self::Tenant(found) => {
                let until = now + KNOWN_FOR;
                let ends = found.suspended.as_ref().and_then(|it| it.ends);
                ends.map_or(until, |ends| ends.min(until))
            }
        }
    }
}

#[derive(Debug)]
struct Entry {
    known: Known,
    until: Instant,
}

impl Directory {
    /// What is known of `name` and not out of date.
    pub(super) fn get(&self, name: &TenantName) -> Option<Known> {
        let entries = self.entries();
        let entry = entries.get(name)?;
        (entry.until > Instant::now()).then(|| entry.known.clone())
    }

    /// To be called before the database is asked.
    pub(super) fn ask(&self) -> Asked {
        Asked(self.changes.load(Ordering::SeqCst))
    }

    /// Remembers what was found, for its time, unless something was forgotten since it was asked
    /// for: the answer may be from before the change.
    pub(super) fn remember(&self, asked: Asked, name: &TenantName, known: Known) {
        let now = Instant::now();
        let until = known.until(now);
        let mut entries = self.entries();
        if self.ask() != asked {
            return;
        }
        if entries.len() >= MOST {
            entries.retain(|_, entry| entry.until > now);
        }
        if entries.len() >= MOST {
            entries.clear();
        }
        entries.insert(name.clone(), Entry { known, until });
    }

    /// Forgets a tenant after a change, so that the next request for it asks the database.
    pub(crate) fn forget(&self, name: &TenantName) {
        self.changing().remove(name);
    }

    /// The same of the tenant that is called `name`.
    pub(super) fn forget_called(&self, name: &str) {
        self.changing().retain(|known, _| known.as_str() != name);
    }

    /// Forgets all tenants.
    pub(super) fn forget_all(&self) {
        self.changing().clear();
    }

    fn changing(&self) -> MutexGuard<'_, HashMap<TenantName, Entry>> {
        let entries = self.entries();
        self.changes.fetch_add(1, Ordering::SeqCst);
        entries
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<TenantName, Entry>> {
        // Each change is one call, so the map is whole also after a panic.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_names_are_asked_for_only_so_many_are_remembered() {
        let directory = Directory::default();
        for number in 0..=MOST {
            let name = format!("guess_{number}").parse().unwrap();
            directory.remember(directory.ask(), &name, Known::Nobody);
        }
        assert!(directory.entries().len() <= MOST);
    }

    #[test]
    fn what_was_remembered_is_known_until_it_is_forgotten() {
        let directory = Directory::default();
        let name = "acme".parse::<TenantName>().unwrap();
        let known = Known::Tenant(Whereabouts {
            tag: Tag::public(),
            target: Target {
                name: name.clone(),
                schema: "org_acme".parse().unwrap(),
            },
            suspended: None,
        });
        directory.remember(directory.ask(), &name, known.clone());
        assert_eq!(directory.get(&name), Some(known.clone()));
        directory.forget_called("other");
        assert_eq!(directory.get(&name), Some(known.clone()));
        directory.forget_called("acme");
        assert_eq!(directory.get(&name), None);
        let asked = directory.ask();
        directory.forget(&name);
        directory.remember(asked, &name, known);
        assert_eq!(
            directory.get(&name),
            None,
            "the answer is from before the change"
        );
    }
}
