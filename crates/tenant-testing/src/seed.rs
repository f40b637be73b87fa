//! [`Seed`]: the rows that the tenants of tests begin with.

use std::pin::Pin;

use tenant_core::{Error, NewTenant, TenantName, Tenants};

/// Fills a new tenant, in the transaction that creates it: see
/// [`Template::seed`](crate::Template::seed).
pub type Seed =
    for<'a> fn(&'a mut NewTenant) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Creates a tenant with its rows.
pub(crate) async fn create(
    tenants: &Tenants,
    name: &TenantName,
    seed: Option<Seed>,
) -> Result<(), Error> {
    match seed {
        Some(seed) => tenants.create_with(name, seed).await,
        None => tenants.create(name).await.map(drop),
    }
}
