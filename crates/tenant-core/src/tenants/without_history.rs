//! Tenants without a migration history that are not empty: nothing is built upon what is in
//! them.

use std::collections::HashMap;

use super::handle::Tenants;
use super::state::State;
use crate::Error;
use crate::engine::{objects_in, refusal};
use crate::name::{Entry, Target};

impl Tenants {
    /// Puts [`Error::NoHistory`] or [`Error::ForeignObjects`] in the place of each of
    /// `states` that has no migration history and whose schema is not empty.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn refuse_without_history(&self, states: &mut [State]) -> Result<(), Error> {
        let schemas = states.iter().filter_map(bare);
        let schemas = schemas
            .map(|target| target.schema.clone())
            .collect::<Vec<_>>();
        if schemas.is_empty() {
            return Ok(());
        }
        let reading = self.reading().await?;
        let failed = |error| Error::database("look for objects without a migration history", error);
        let rows = reading.query(&objects_in(&schemas), &[]).await;
        drop(reading);
        let mut found = HashMap::<String, Vec<String>>::new();
        for row in rows.map_err(failed)? {
            let schema = row.try_get(0).map_err(failed)?;
            let object = row.try_get(1).map_err(failed)?;
            found.entry(schema).or_default().push(object);
        }
        for state in states {
            let refused = bare(state).and_then(|target| {
                let objects = found.get(target.schema.as_str())?;
                let objects = objects.iter().map(String::as_str).collect::<Vec<_>>();
                Some(refusal(target, &self.migrations.tenant, &objects))
            });
            if let Some(error) = refused {
                state.standing = Err(error);
            }
        }
        Ok(())
    }
}

/// The tenant, if it has a schema and no migration history.
fn bare(state: &State) -> Option<&Target> {
    let standing = state.standing.as_ref().ok()?;
    match &standing.entry {
        Entry::Tenant(target) if standing.lacks_ledger() => Some(target),
        _ => None,
    }
}
