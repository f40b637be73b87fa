//! The types that a tenant has for itself, such as enums, as Diesel must know
//! them.
//!
//! Diesel asks a type for its OIDs without saying on which connection its value is
//! sent, and keeps what it looked up by name for as long as the connection lives.
//! Each tenant's type of a name has other OIDs. So they are looked up with the
//! tenant, and are at hand while Diesel collects a query's values, which it does
//! at once and on one thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use diesel::pg::PgTypeMetadata;

/// A schema's own types by name, each with the OIDs of itself and of its array.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OwnTypes(HashMap<String, (u32, u32)>);

thread_local! {
    static CURRENT: RefCell<Option<Arc<OwnTypes>>> = const { RefCell::new(None) };
}

impl FromIterator<(String, (u32, u32))> for OwnTypes {
    fn from_iter<I: IntoIterator<Item = (String, (u32, u32))>>(types: I) -> Self {
        Self(types.into_iter().collect())
    }
}

/// Does `collect` while these are the types that [`own_type`] finds.
pub(super) fn with<R>(types: &Arc<OwnTypes>, collect: impl FnOnce() -> R) -> R {
    struct Reset(Option<Arc<OwnTypes>>);
    impl Drop for Reset {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    // Also after a panic in a value's `ToSql`.
    let _reset = Reset(CURRENT.replace(Some(Arc::clone(types))));
    collect()
}

/// What Diesel has to know of a type that each tenant has for itself: for the
/// `HasSqlType` of a type that is written by hand. [`tenant_enum!`] does it.
///
/// [`tenant_enum!`]: crate::tenant_enum
///
/// # Arguments
///
/// * `name` - the type's name in PostgreSQL, without a schema.
///
/// The OIDs are those in the schema of the [`TenantConnection`] whose query is
/// being made. On other connections, and where the schema has no such type, they
/// are 0: then PostgreSQL takes the type from where the value stands, which it can
/// do for single values, but not for arrays of them (`eq_any`).
///
/// [`TenantConnection`]: crate::TenantConnection
pub fn own_type(name: &str) -> PgTypeMetadata {
    let find = |types: &Option<Arc<OwnTypes>>| types.as_ref()?.0.get(name).copied();
    let (oid, array) = CURRENT.with_borrow(find).unwrap_or((0, 0));
    PgTypeMetadata::new(oid, array)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(name: &str) -> u32 {
        own_type(name).oid().unwrap()
    }

    #[test]
    fn types_are_found_inside_only_also_after_a_panic() {
        let types = Arc::new(OwnTypes::from_iter([("mood".to_owned(), (7, 8))]));
        assert_eq!(oid("mood"), 0);
        with(&types, || assert_eq!((oid("mood"), oid("other")), (7, 0)));
        let panicked = std::panic::catch_unwind(|| with(&types, || panic!("in a value")));
        assert!(panicked.is_err());
        assert_eq!(oid("mood"), 0);
    }
}
