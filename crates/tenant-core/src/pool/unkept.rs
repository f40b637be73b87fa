//! Writes that are lost because they were not committed.

use std::fmt;

use crate::{TenantName, events};

/// A transaction that changed rows or tables and was dropped without a commit, a rollback, or an
/// error that explains the drop.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unkept {
    /// The tenant; `None` for the public schema.
    pub tenant: Option<TenantName>,
}

impl Unkept {
    /// What to do about it.
    pub const HINT: &'static str = "Call `commit`, or use `TenantPool::write`, which commits. \
        If the changes are to be undone, call `rollback`.";

    pub(super) fn new(tenant: Option<&TenantName>) -> Self {
        let tenant = tenant.cloned();
        Self { tenant }
    }
}

impl fmt::Display for Unkept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("changes were rolled back, because a transaction ")?;
        match &self.tenant {
            Some(name) => write!(formatter, "of tenant `{name}` ")?,
            None => formatter.write_str("in the public schema ")?,
        }
        write!(formatter, "was dropped without a commit. {}", Self::HINT)
    }
}

/// Who wants to hear of such a transaction.
pub(super) type Listener = dyn Fn(&Unkept) + Send + Sync;

pub(super) fn tell(unkept: &Unkept, listener: Option<&Listener>) {
    events::write_not_committed(unkept.tenant.as_ref(), Unkept::HINT);
    if let Some(listener) = listener {
        listener(unkept);
    }
}
