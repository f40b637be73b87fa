//! Whose a connection is while work runs on it.

use std::ops::{Deref, DerefMut};

use bb8::PooledConnection;
use tokio::sync::OwnedMutexGuard;

use super::lent::Lent;
use super::manager::Manager;

/// A connection that goes back to the pool, or one that is closed after its work.
pub(super) enum Owner {
    Pool(PooledConnection<'static, Manager>),
    Work(Box<Lent>),
}

/// A connection that is lent. The lock is only there so that a task can take it over from
/// where it is dropped.
pub(super) type Held = OwnedMutexGuard<Owner>;

impl Deref for Owner {
    type Target = Lent;

    fn deref(&self) -> &Lent {
        match self {
            Self::Pool(lent) => lent,
            Self::Work(lent) => lent,
        }
    }
}

impl DerefMut for Owner {
    fn deref_mut(&mut self) -> &mut Lent {
        match self {
            Self::Pool(lent) => lent,
            Self::Work(lent) => lent,
        }
    }
}
