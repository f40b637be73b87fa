//! [`Mark`]: what is kept of the beginning of a transaction until its end.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::TenantPath;
use crate::path::{KEEP_OUTER, SET_OUTER, require};

/// What the check says in another transaction.
pub(crate) const ENDED: &str = "tenant-path: the transaction has ended";

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A setting of the transaction, by which it is known to be the one that began, and another
/// with the path before. PostgreSQL forgets their values when the transaction ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(u64);

impl Mark {
    pub(crate) fn new() -> Self {
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The statements behind `BEGIN`, which lead into the tenant.
    pub(crate) fn enter(self, path: &TenantPath) -> String {
        format!(
            "{KEEP_OUTER}; {}; SET LOCAL tenant_path.transaction TO '{}'",
            path.enter(),
            self.0
        )
    }

    /// The statements before `COMMIT`. They fail if the transaction is another one, or its
    /// path leads elsewhere.
    ///
    /// `SET search_path` without `LOCAL` in the work would outlive the commit, so the path
    /// before is set again. What is deferred to the commit still runs in the tenant.
    pub(crate) fn leave(self, path: &TenantPath) -> String {
        // The mark first: where the transaction has ended, the path has as well.
        format!(
            "{}; {}; SET CONSTRAINTS ALL IMMEDIATE; {SET_OUTER}",
            self.check(),
            path.check()
        )
    }

    /// The statement that fails in another transaction, or in none.
    fn check(self) -> String {
        let value = "pg_catalog.current_setting('tenant_path.transaction', true)";
        require(&format!("{value} = '{}'", self.0), ENDED)
    }
}
