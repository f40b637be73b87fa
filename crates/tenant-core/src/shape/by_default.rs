//! What a role grants by default on each object that it creates, or revokes.
//!
//! `ALTER DEFAULT PRIVILEGES` applies to objects that are created after it. So the older of two
//! tenants can lack grants that the younger has, although neither tenant was changed.

use std::collections::BTreeMap;

use tokio_postgres::{Client, Error as DriverError};

use super::grants::Grants;
use super::object::ObjectKind;

/// By kind of object what differs between one that was made with these default
/// privileges and one that was made without.
#[derive(Debug, Clone, Default)]
pub(crate) struct ByDefault(BTreeMap<ObjectKind, Grants>);

/// Those of the role in the whole database. Those of a schema come and go with it.
const QUESTION: &str = "SELECT d.defaclobjtype::text, CURRENT_USER::text, \
            pg_catalog.array_to_string(d.defaclacl, E'\\n') \
     FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole \
     WHERE r.rolname = CURRENT_USER AND d.defaclnamespace = 0";

impl ByDefault {
    /// Those of the role that is connected.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(crate) async fn read(client: &Client) -> Result<Self, DriverError> {
        let rows = client.query_typed(QUESTION, &[]).await?;
        let mut all = BTreeMap::new();
        for row in &rows {
            let (code, role): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let list: Option<String> = row.try_get(2)?;
            for kind in kinds(&code) {
                let with = Grants::read(*kind, &role, Some(list.as_deref().unwrap_or_default()));
                let without = Grants::read(*kind, &role, None);
                all.insert(*kind, with.beyond(&without).and(&without.beyond(&with)));
            }
        }
        Ok(Self(all))
    }

    /// Each kind with its grants as a fact.
    pub(super) fn facts(&self) -> impl Iterator<Item = (ObjectKind, String)> {
        let all = self.0.iter();
        all.filter_map(|(kind, grants)| Some((*kind, grants.to_fact()?)))
    }

    /// The kinds of objects that have different grants because of them.
    pub(super) fn kinds(&self) -> impl Iterator<Item = ObjectKind> {
        let all = self.0.iter().filter(|(_, grants)| !grants.is_empty());
        all.map(|(kind, _)| *kind)
    }

    /// `grants` on an object of this kind without those that depend on when it was made.
    pub(super) fn leave_out(&self, kind: ObjectKind, grants: Grants) -> Grants {
        match self.0.get(&kind) {
            Some(by_default) => grants.beyond(by_default),
            None => grants,
        }
    }
}

impl FromIterator<(ObjectKind, String)> for ByDefault {
    fn from_iter<T: IntoIterator<Item = (ObjectKind, String)>>(facts: T) -> Self {
        let all = facts.into_iter();
        Self(
            all.map(|(kind, fact)| (kind, Grants::from_fact(Some(&fact))))
                .collect(),
        )
    }
}

/// The kinds of objects that a code of PostgreSQL stands for.
///
/// Source: PostgreSQL manual, `pg_default_acl`.
fn kinds(code: &str) -> &'static [ObjectKind] {
    match code {
        "r" => &[
            ObjectKind::Table,
            ObjectKind::View,
            ObjectKind::MaterializedView,
        ],
        "S" => &[ObjectKind::Sequence],
        "f" => &[ObjectKind::Function],
        "T" => &[ObjectKind::Type],
        "n" => &[ObjectKind::Schema],
        _ => &[],
    }
}
