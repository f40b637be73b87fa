//! [`Settings`]: what holds for all work on schemas.

use std::time::Duration;

use crate::link::Limits;
use crate::path::ExtensionsSchema;

/// What the operator may choose for all work on schemas.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a statement waits for a lock that somebody else holds, and how
    /// long a run waits for another run on the same tenant. Zero: for ever.
    pub lock_timeout: Duration,
    /// How long a statement may take. Zero: no limit, whatever the role, the database or
    /// the URL sets.
    pub statement_timeout: Duration,
    /// A schema behind the tenant's own in the path, for extensions.
    pub extensions: Option<ExtensionsSchema>,
    /// The role that the application logs in as, if it is another one: the
    /// health check asks whether it can read the tenants.
    pub application_role: Option<String>,
}

impl Settings {
    /// The lock time-out as PostgreSQL takes it: in ms, 0 for none.
    pub(crate) fn lock_timeout_ms(&self) -> i32 {
        milliseconds(self.lock_timeout)
    }

    /// Both time-outs, for the sessions that the work is done in.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            lock: self.lock_timeout_ms(),
            statement: milliseconds(self.statement_timeout),
        }
    }
}

/// In whole ms, but not zero unless it is.
fn milliseconds(timeout: Duration) -> i32 {
    if timeout.is_zero() {
        return 0;
    }
    i32::try_from(timeout.as_millis())
        .unwrap_or(i32::MAX)
        .max(1)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::ZERO,
            extensions: None,
            application_role: None,
        }
    }
}
