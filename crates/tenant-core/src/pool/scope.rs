//! Where a connection looks unqualified names up.

use crate::TenantName;

/// In one tenant's schema: the parameter of
/// [`TenantConnection`](crate::TenantConnection).
///
/// Which schema that is, the list of tenants is asked.
#[derive(Debug, Clone)]
pub struct OfTenant(pub(super) TenantName);

/// In the public schema: the parameter of
/// [`PublicConnection`](crate::PublicConnection).
#[derive(Debug, Clone)]
pub struct OfPublic;

/// [`OfTenant`] or [`OfPublic`]. Nobody else can be one.
pub trait Scope: sealed::Scope {}

impl Scope for OfTenant {}
impl Scope for OfPublic {}

pub(super) mod sealed {
    use super::{OfPublic, OfTenant, TenantName};

    pub trait Scope: Send + Sync + 'static {
        /// The tenant, if it is one.
        fn tenant(&self) -> Option<&TenantName>;
    }

    impl Scope for OfTenant {
        fn tenant(&self) -> Option<&TenantName> {
            Some(&self.0)
        }
    }

    impl Scope for OfPublic {
        fn tenant(&self) -> Option<&TenantName> {
            None
        }
    }
}
