//! [`SuspendedTenant`]: why a pool does not serve a tenant.

use std::fmt;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::registry::{Registry, Suspension};
use crate::{TenantName, TenantState};

/// A tenant that a [`TenantPool`](crate::TenantPool) does not serve, and why.
///
/// In a web service, return 503, with the header `Retry-After` if
/// [`retry_after`](Self::retry_after) is known. For a trashed tenant, return 410.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SuspendedTenant {
    /// The tenant.
    pub tenant: TenantName,
    /// Its state: suspended or trashed.
    pub state: TenantState,
    /// The reason given to [`Tenants::suspend`](crate::Tenants::suspend).
    pub reason: Option<String>,
    /// When the suspension ends by itself; `None` if it does not.
    pub until: Option<DateTime<Utc>>,
    /// Whether a call of this library suspended it, and not the application's own list.
    pub(super) is_ours: bool,
    /// The same on the clock of this machine.
    pub(super) ends: Option<Instant>,
}

impl SuspendedTenant {
    /// How long to wait before a retry can succeed; `None` if this is unknown.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let ends = self.ends?;
        Some(ends.saturating_duration_since(Instant::now()))
    }

    /// What the list says of the tenant `name`, if it is not to be served: the word of the
    /// application, and what is kept of a suspension. `now` is the server's time.
    pub(super) fn of(
        registry: &Registry,
        name: &TenantName,
        (word, kept, now): (Option<&str>, Option<&str>, DateTime<Utc>),
    ) -> Option<Self> {
        let listed = word.map(|word| registry.state_of(word));
        let listed = listed.filter(|state| !state.is_active());
        let kept = kept.and_then(Suspension::read);
        let kept = kept.filter(|it| it.holds_at(now));
        let state = listed
            .clone()
            .or(kept.as_ref().map(|_| TenantState::Suspended))?;
        let is_ours = listed.is_none();
        let kept = kept.unwrap_or_default();
        // What the application's list says has no end that is known here.
        let until = kept.until.filter(|_| is_ours);
        let left = until.and_then(|until| (until - now).to_std().ok());
        Some(Self {
            tenant: name.clone(),
            state,
            reason: kept.reason,
            until,
            is_ours,
            ends: left.and_then(|left| Instant::now().checked_add(left)),
        })
    }
}

impl fmt::Display for SuspendedTenant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "tenant `{}` is {}", self.tenant, self.state)?;
        if let Some(until) = self.until {
            write!(formatter, " until {} UTC", until.format("%Y-%m-%d %H:%M"))?;
        }
        match &self.reason {
            Some(reason) => write!(formatter, ": {reason}"),
            None => Ok(()),
        }
    }
}
