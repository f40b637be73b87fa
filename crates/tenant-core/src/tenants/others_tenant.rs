//! Refuses to drop or to rename the tenant of another program.

use super::handle::Tenants;
use super::ledgers::{Unreached, read_ledgers};
use super::state::Knowledge;
use crate::engine::{UnknownMigrations, require_known};
use crate::name::Schema;
use crate::{Error, TenantName};

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

    /// The same of a tenant that the list does not name any more, by its migration history.
    async fn why_others_left(&self, name: &TenantName) -> Result<Option<String>, Error> {
        let Ok(target) = self.target(name).await else {
            return Ok(None);
        };
        let (schemas, mut ledgers) = ([target.schema.clone()], Vec::new());
        let reading = self.reading().await?;
        read_ledgers(&reading, &schemas, &Unreached::default(), &mut ledgers).await;
        let applied = ledgers.pop().and_then(|(_, applied)| applied.ok());
        let applied = applied.unwrap_or_default();
        let (schema, ours) = (Schema::Tenant(&target), &self.migrations.tenant);
        let known = require_known(schema, ours, &applied, UnknownMigrations::Allow);
        Ok(match known {
            Err(Error::OtherProgram { versions, sign, .. }) => Some(sign.told(&versions)),
            _ => None,
        })
    }
}
