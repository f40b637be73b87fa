//! [`Undo`]: removes a new tenant that is committed and could not be completed.

use tokio::runtime::Handle;

use crate::Error;
use crate::engine;
use crate::name::{Schema, Target};
use crate::registry::RowBefore;
use crate::tenants::Tenants;

/// Removes the tenant, unless its creation comes to its end: also where the future is
/// dropped, or the application's work panics.
pub(super) struct Undo {
    what: Option<(Tenants, Target, RowBefore)>,
    runtime: Option<Handle>,
}

impl Undo {
    /// Of a tenant that is committed, and had this row before.
    pub(super) fn new(tenants: &Tenants, target: &Target, before: RowBefore) -> Self {
        Self {
            what: Some((tenants.clone(), target.clone(), before)),
            runtime: Handle::try_current().ok(),
        }
    }

    /// There is nothing that is committed.
    pub(super) fn nothing() -> Self {
        Self {
            what: None,
            runtime: None,
        }
    }

    /// The tenant stays.
    pub(super) fn call_off(mut self) {
        self.what = None;
    }

    /// Removes it, and waits for that.
    pub(super) async fn run(mut self) {
        if let Some((tenants, target, before)) = self.what.take() {
            // A run over all tenants completes what is left, and health reports it.
            drop(remove(&tenants, &target, before).await);
        }
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        if let (Some((tenants, target, before)), Some(runtime)) = (self.what.take(), &self.runtime)
        {
            drop(runtime.spawn(async move { remove(&tenants, &target, before).await }));
        }
    }
}

async fn remove(tenants: &Tenants, target: &Target, before: RowBefore) -> Result<(), Error> {
    let session = tenants.session().await?;
    let work = tenants.work(&session, Schema::Tenant(target));
    let removed = engine::remove_again(work, before).await;
    tenants.directory.forget(&target.name);
    removed.map(drop)
}
