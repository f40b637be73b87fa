//! Where a connection looks unqualified names up.

use crate::TenantName;
use crate::name::{Schema, Target};

/// In one tenant's schema: the parameter of
/// [`TenantConnection`](crate::TenantConnection).
#[derive(Debug, Clone)]
pub struct OfTenant(pub(super) Target);

/// In the public schema: the parameter of
/// [`PublicConnection`](crate::PublicConnection).
#[derive(Debug, Clone)]
pub struct OfPublic;

/// [`OfTenant`] or [`OfPublic`]. Nobody else can be one.
pub trait Scope: sealed::Scope {}

impl Scope for OfTenant {}
impl Scope for OfPublic {}

pub(super) mod sealed {
    use super::{OfPublic, OfTenant, Schema, Target, TenantName};

    pub trait Scope: Send + Sync + 'static {
        /// The tenant, if it is one.
        fn tenant(&self) -> Option<&TenantName>;

        /// The tenant with its schema, if it is one.
        fn target(&self) -> Option<&Target>;
    }

    impl Scope for OfTenant {
        fn tenant(&self) -> Option<&TenantName> {
            Some(&self.0.name)
        }

        fn target(&self) -> Option<&Target> {
            Some(&self.0)
        }
    }

    impl Scope for OfPublic {
        fn tenant(&self) -> Option<&TenantName> {
            None
        }

        fn target(&self) -> Option<&Target> {
            None
        }
    }

    /// The schema that `scope` means.
    pub(crate) fn schema<S: Scope>(scope: &S) -> Schema<'_> {
        scope.target().map_or(Schema::Public, Schema::Tenant)
    }
}
