//! Refuses to drop or to rename the tenant of another program.

use std::collections::BTreeSet;

use super::expected::Trust;
use super::handle::Tenants;
use super::ledgers::{Unreached, read_ledgers};
use super::reading::Reading;
use super::shapes::Seen;
use super::state::Knowledge;
use crate::engine::{UnknownMigrations, require_known};
use crate::name::{Schema, Target};
use crate::shape::{Change, Difference, ObjectKind, Shape, compare_with_migrations};
use crate::{Error, TenantName, Version};

/// Whether a tenant of another program is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OtherPrograms {
    /// It is left as it is.
    Refuse,
    /// It is treated like any other.
    Allow,
}

impl Tenants {
    /// Refuses a tenant that is another program's, unless `others` says otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::OthersTenant`], or a server error.
    pub(super) async fn refuse_others(
        &self,
        name: &TenantName,
        others: OtherPrograms,
    ) -> Result<(), Error> {
        if others == OtherPrograms::Allow {
            return Ok(());
        }
        match self.why_others(name).await? {
            None => Ok(()),
            Some(why) => Err(Error::OthersTenant(name.clone(), why)),
        }
    }

    /// Why the tenant is another program's, in words; `None` if nothing shows that.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn why_others(&self, name: &TenantName) -> Result<Option<String>, Error> {
        self.look_for_columns().await?;
        let mut states = self.states(&name.into(), Knowledge::Certain).await?;
        self.tell_apart(&mut states).await?;
        let ours = &self.migrations.tenant;
        if states.is_empty() && self.registry.may_be_listed_first() {
            return self.why_others_left(name).await;
        }
        let standing = states.into_iter().next().map(|state| state.standing);
        let error = standing.and_then(|standing| match standing {
            Ok(standing) => standing.require_known(ours, UnknownMigrations::Allow).err(),
            Err(error) => Some(error),
        });
        Ok(match error {
            Some(Error::OtherProgram { versions, sign, .. }) => Some(sign.told(&versions)),
            Some(Error::ForeignObjects(_)) => {
                Some("it has no migration history, and no migration creates its objects".to_owned())
            }
            _ => None,
        })
    }

    /// The same of a tenant that the list does not name any more: by its migration history, and if
    /// no row shows that it ever was a tenant, by its tables.
    async fn why_others_left(&self, name: &TenantName) -> Result<Option<String>, Error> {
        let Ok(target) = self.target(name).await else {
            return Ok(None);
        };
        let (schemas, mut ledgers) = ([target.schema.clone()], Vec::new());
        let schema = Schema::Tenant(&target);
        let reading = self.reading().await?;
        read_ledgers(&reading, &schemas, &Unreached::default(), &mut ledgers).await;
        let has_row = self.has_unlisted_row(&reading, schema).await?;
        drop(reading);
        let Some((_, Ok(applied))) = ledgers.pop() else {
            return Ok(None);
        };
        let ours = &self.migrations.tenant;
        let known = require_known(schema, ours, &applied, UnknownMigrations::Allow);
        match known {
            Err(Error::OtherProgram { versions, sign, .. }) => Ok(Some(sign.told(&versions))),
            _ if has_row => Ok(None),
            _ => self.why_never_ours(&target, &applied).await,
        }
    }

    /// Whether a row beside the list, or a row that the list leaves out, names the tenant.
    async fn has_unlisted_row(
        &self,
        reading: &Reading<'_>,
        schema: Schema<'_>,
    ) -> Result<bool, Error> {
        let Some(condition) = self.registry.has_unlisted_row(schema) else {
            return Ok(false);
        };
        let failed = |error| Error::database("read the list of tenants", error);
        let question = format!("SELECT {condition}");
        let rows = reading.query(&question, &[]).await.map_err(failed)?;
        let has = rows.first().map(|row| row.try_get(0)).transpose();
        Ok(has.map_err(failed)?.unwrap_or_default())
    }

    /// Why a schema that no row names is no tenant of this program: its tables are not those that
    /// the migrations in its history create. One version that two programs have in common proves
    /// nothing.
    async fn why_never_ours(
        &self,
        target: &Target,
        applied: &[String],
    ) -> Result<Option<String>, Error> {
        let ours = &self.migrations.tenant;
        let unknown = ours.unknown(applied);
        if let Some(version) = unknown.first() {
            return Ok(Some(format!(
                "{NO_ROW} this program lacks its migration {version}"
            )));
        }
        let applied = applied.iter().map(Version::recorded).collect::<Vec<_>>();
        let sets = BTreeSet::from([applied.clone()]);
        let Some(expected) = self.expected(sets, Trust::Kept).await?.remove(&applied) else {
            return Ok(None);
        };
        let name = target.schema.as_str();
        let expected = expected.shape_of(name);
        let look = |found: Shape| {
            let found = compare_with_migrations(&expected, &found).into_iter();
            let is_lone = |it: &Difference| matches!(it.change, Change::Missing | Change::Extra);
            let mut tables = found.filter(|it| it.object.kind == ObjectKind::Table && is_lone(it));
            tables.next().map(|table| table.to_string())
        };
        let mut looked = self.look_at_shapes(&[name], &look).await?;
        match looked.pop() {
            Some((_, Seen::Shape(table))) => Ok(table.map(|table| format!("{NO_ROW} {table}"))),
            Some((_, Seen::Busy)) => Err(Error::InUse(target.name.clone())),
            Some((_, Seen::Unreadable(error))) => {
                Err(Error::database("read the schema definition", error))
            }
            Some((_, Seen::Nothing)) | None => Ok(None),
        }
    }
}

/// The beginning of why a schema that no row names is taken for another program's.
const NO_ROW: &str = "no row of the registry names it, and";
