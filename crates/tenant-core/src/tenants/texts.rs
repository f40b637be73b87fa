//! Where migrations have written a tenant's name, as far as that can be known.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::expected::Trust;
use super::handle::Tenants;
use crate::report::Note;
use crate::shape::Expectation;
use crate::{SchemaName, TenantName};

impl Tenants {
    /// What the migrations of the tenant create, found by a trial run: texts are recorded because
    /// of it. `None` if that is unknown: the tenant has other migrations, or they cannot be tried.
    pub(super) async fn expectation_of(&self, name: &TenantName) -> Option<Arc<Expectation>> {
        let standing = self.standing_of(name).await.ok()?;
        if !standing.unknown.is_empty() {
            return None;
        }
        let known = self.applied(&standing);
        let sets = BTreeSet::from([known.clone()]);
        self.expected(sets, Trust::Tried).await.ok()?.remove(&known)
    }
}

impl Tenants {
    /// That the migrations of the tenant `from`, which make what is `expected`, use the name of their schema, if they do: for
    /// the tenant that is called `to` and has what they have made.
    pub(super) async fn uses_of_name(
        &self,
        (from, to): (&TenantName, &TenantName),
        expected: Option<&Expectation>,
    ) -> Option<Note> {
        if self.name_uses().is_empty() {
            return None;
        }
        let standing = self.standing_of(from).await.ok()?;
        let uses = self.unexplained_uses(&self.applied(&standing), expected);
        (!uses.is_empty()).then(|| Note::UsesOfName {
            from: from.to_string(),
            to: to.to_string(),
            uses,
        })
    }
}

/// That the migrations have written the name of the schema into rows.
pub(super) fn name_in_rows(schema: &SchemaName, expected: Option<&Expectation>) -> Option<Note> {
    let tables = expected?.seeded().map(str::to_owned).collect::<Vec<_>>();
    (!tables.is_empty()).then(|| Note::NameInRows {
        name: schema.to_string(),
        tables,
    })
}
