//! [`Mark`]: by which a transaction is known to be the one that began.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::path::require;

/// What the check says in another transaction.
pub(crate) const ENDED: &str = "tenant-path: the transaction has ended";

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A setting of the transaction. PostgreSQL forgets its value when the transaction ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(u64);

impl Mark {
    pub(crate) fn new() -> Self {
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn set_local(self) -> String {
        format!("SET LOCAL tenant_path.transaction TO '{}'", self.0)
    }

    /// The statement that fails in another transaction, or in none.
    pub(crate) fn check(self) -> String {
        let value = "pg_catalog.current_setting('tenant_path.transaction', true)";
        require(&format!("{value} = '{}'", self.0), ENDED)
    }
}
