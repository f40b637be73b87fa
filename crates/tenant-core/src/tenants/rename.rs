//! Gives a tenant another name.

use super::handle::Tenants;
use super::others_tenant::OtherPrograms;
use super::texts::name_in_rows;
use crate::engine::{self, Followed};
use crate::events::Call;
use crate::name::{Schema, Target};
use crate::report::{Note, Renamed};
use crate::{Answer, Error, SchemaName, TenantName};

/// A tenant to rename. Returned by [`Tenants::rename`].
#[must_use = "nothing is renamed until it is awaited"]
pub struct Rename<'a> {
    tenants: &'a Tenants,
    from: &'a TenantName,
    to: &'a TenantName,
    schema: Option<&'a SchemaName>,
    others: OtherPrograms,
}

impl<'a> Rename<'a> {
    /// Sets the new name of the tenant's schema, if only the list of tenants knows which schema
    /// belongs to which tenant: see [`Naming::mapped`](crate::Naming::mapped).
    pub fn to_schema(mut self, schema: &'a SchemaName) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Renames the tenant even if another program migrated it, or if no migration of this program
    /// creates its objects.
    pub fn allow_other_program(mut self) -> Self {
        self.others = OtherPrograms::Allow;
        self
    }
}

impl<'a> IntoFuture for Rename<'a> {
    type Output = Result<Renamed, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let tenants = self.tenants;
            let old = tenants.target_for(Call::Rename, self.from).await?;
            let new = tenants.new_target_for(Call::Rename, self.to, self.schema);
            let new = new.await?;
            let renamed = tenants.rename_and_look(&old, &new, self.others);
            Call::Rename.tell_of(Schema::Tenant(&old), renamed).await
        })
    }
}

impl Tenants {
    /// Renames the tenant `from` to `to`: its schema and its registration, in one transaction.
    /// Version, age and data do not change. From then on, the tenant `from` does not exist.
    ///
    /// The call waits for transactions that use the tenant's tables, as long as
    /// [`Settings::lock_timeout`](crate::Settings::lock_timeout) allows, and tries three times. A
    /// transaction that has opened the tenant but has not used a table yet gets an error.
    ///
    /// Views, defaults and foreign keys follow the rename. Functions of the schema whose own
    /// `search_path` names it (`SET search_path FROM CURRENT`) get the new name. Definitions into
    /// which migrations wrote the old name, such as a trigger's argument, also get the new name.
    /// The notes list other texts that contain the old name.
    ///
    /// # Errors
    ///
    /// [`Error::SameName`]. About `from`: [`Error::Unknown`], [`Error::Untracked`] if there is only
    /// a schema, [`Error::MissingSchema`] if there is none. About `to`: [`Error::Taken`],
    /// [`Error::Untracked`] if a schema with that name exists, [`Error::MissingSchema`] if it is
    /// registered without one. [`Error::Connect`], [`Error::NotSetUp`], [`Error::Busy`] if another
    /// run works on either, or a server error. For example, another session uses a table (SQLSTATE
    /// 55P03). [`Error::Hook`]. [`Error::OthersTenant`], unless [`Rename::allow_other_program`] is
    /// set. Nothing is changed then.
    pub fn rename<'a>(&'a self, from: &'a TenantName, to: &'a TenantName) -> Rename<'a> {
        Rename {
            tenants: self,
            from,
            to,
            schema: None,
            others: OtherPrograms::Refuse,
        }
    }

    async fn rename_and_look(
        &self,
        old: &Target,
        new: &Target,
        others: OtherPrograms,
    ) -> Result<Renamed, Error> {
        let (from, to) = (&old.name, &new.name);
        if from == to {
            return Err(Error::SameName(from.clone()));
        }
        self.require_sole(old).await?;
        self.refuse_others(from, others).await?;
        let expected = self.expectation_of(from).await;
        let uses = self.uses_of_name((from, to), expected.as_deref()).await;
        let session = self.session().await?;
        let work = self.work(&session, Schema::Tenant(old));
        let followed = engine::rename(work, new, expected.as_deref()).await;
        drop(session);
        for name in [from, to] {
            self.directory.forget(name);
        }
        let Followed {
            functions,
            left,
            places,
        } = followed?;
        let mut notes = self.same_but_for_case(std::slice::from_ref(to)).await;
        notes.extend(left.paths.into_iter().map(|path| Note::OldPath {
            name: old.schema.to_string(),
            of: path.of,
            remedy: path.remedy,
        }));
        let places = [left.functions, places].concat();
        if !places.is_empty() {
            notes.push(Note::NameInText {
                name: old.schema.to_string(),
                places,
            });
        }
        notes.extend(name_in_rows(&old.schema, expected.as_deref()));
        notes.extend(uses);
        Ok(Renamed {
            from: from.clone(),
            to: to.clone(),
            old_schema: old.schema.clone(),
            schema: new.schema.clone(),
            functions,
            notes,
        })
    }
}
