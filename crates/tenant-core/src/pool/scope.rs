//! Where a connection looks unqualified names up.

use crate::TenantName;
use crate::name::Schema;

/// In one tenant's schema: the parameter of
/// [`TenantConnection`](crate::TenantConnection).
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
    use super::{OfPublic, OfTenant, Schema, TenantName};

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

    /// The schema that `scope` means.
    pub(crate) fn schema<S: Scope>(scope: &S) -> Schema<'_> {
        scope.tenant().map_or(Schema::Public, Schema::Tenant)
    }
}
