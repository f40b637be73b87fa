//! Where a connection looks unqualified names up.

use crate::TenantName;

/// The scope of one tenant's schema: the type parameter of
/// [`TenantConnection`](crate::TenantConnection).
///
/// The list of tenants gives the schema.
#[derive(Debug, Clone)]
pub struct OfTenant(pub(super) TenantName);

/// The scope of the public schema: the type parameter of
/// [`PublicConnection`](crate::PublicConnection).
#[derive(Debug, Clone)]
pub struct OfPublic;

/// [`OfTenant`] or [`OfPublic`]. The trait is sealed.
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
