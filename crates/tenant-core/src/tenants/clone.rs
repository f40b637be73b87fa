//! Makes a tenant that is like another one.

use super::handle::Tenants;
use super::texts::name_in_rows;
use crate::engine::{self, HowToClone, Made, NameInRows, Rows};
use crate::events::Call;
use crate::name::{Schema, Target};
use crate::report::{Cloned, Note};
use crate::{Answer, Error, SchemaName, TenantName};

/// A copy of a tenant to be made. Made by [`Tenants::clone_tenant`].
#[must_use = "nothing is made until it is awaited"]
pub struct CloneTenant<'a> {
    tenants: &'a Tenants,
    from: &'a TenantName,
    to: &'a TenantName,
    schema: Option<&'a SchemaName>,
    rows: Rows,
    names: NameInRows,
}

impl<'a> CloneTenant<'a> {
    /// The name of the copy's schema, where only the list of tenants knows which schema is
    /// whose: see [`Naming::mapped`](crate::Naming::mapped).
    pub fn in_schema(mut self, schema: &'a SchemaName) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Which rows the copy gets, all unless you say so.
    pub fn rows(mut self, rows: Rows) -> Self {
        self.rows = rows;
        self
    }

    /// Copies rows with the original's name in them although the schema has a function with
    /// dynamic SQL, which would work on the original if it used that name.
    pub fn allow_name_in_rows(mut self) -> Self {
        self.names = NameInRows::Allow;
        self
    }
}

impl<'a> IntoFuture for CloneTenant<'a> {
    type Output = Result<Cloned, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let from = self
                .tenants
                .target_for(Call::CloneTenant, self.from)
                .await?;
            let to = self
                .tenants
                .new_target_for(Call::CloneTenant, self.to, self.schema);
            let to = to.await?;
            let how = HowToClone {
                rows: self.rows,
                names: self.names,
                expected: None,
            };
            let cloned = self.tenants.clone_and_look(&from, &to, how);
            Call::CloneTenant.tell_of(Schema::Tenant(&to), cloned).await
        })
    }
}

impl Tenants {
    /// Makes the tenant `to` with everything that `from` has: tables, rows unless
    /// [`CloneTenant::rows`] says otherwise, sequences, types, views, functions, triggers, policies, rights, comments,
    /// and the record of applied migrations. All is one transaction, at the end of
    /// which both are compared; the rows are those of one moment, and nobody who works
    /// with `from` is held up. The new tenant belongs to the role that makes it.
    ///
    /// What is made is what is there, also by hand, whatever the migrations say. Where
    /// these have written the name of the schema of `from` into a text, such as a trigger's
    /// argument, the copy has its own name there. It is tried three times, each waiting as long as
    /// [`Settings::lock_timeout`](crate::Settings::lock_timeout) says.
    ///
    /// # Errors
    ///
    /// About `from`: [`Error::Unknown`], [`Error::Untracked`] when there is only a
    /// schema, [`Error::MissingSchema`] when there is none, [`Error::NotCopyable`] when
    /// it has objects of kinds that cannot be copied, [`Error::NameInText`] when its name
    /// stands in a text by hand, which would lead the copy to `from`, or in rows beside
    /// dynamic SQL, unless [`CloneTenant::allow_name_in_rows`] says so. About `to`: [`Error::Taken`],
    /// [`Error::Untracked`] when a schema of that name exists,
    /// [`Error::MissingSchema`] when it is registered without one.
    /// [`Error::NotAlike`] when the copy does not come out like the original.
    /// [`Error::Connect`], [`Error::NotSetUp`], [`Error::Busy`] when another run works
    /// on either, or what the server says, such as that a policy would hide rows from
    /// this role (SQLSTATE 42501). Then nothing was made.
    pub fn clone_tenant<'a>(&'a self, from: &'a TenantName, to: &'a TenantName) -> CloneTenant<'a> {
        CloneTenant {
            tenants: self,
            from,
            to,
            schema: None,
            rows: Rows::All,
            names: NameInRows::Refuse,
        }
    }

    async fn clone_and_look(
        &self,
        original: &Target,
        copy: &Target,
        how: HowToClone<'_>,
    ) -> Result<Cloned, Error> {
        let (from, to) = (&original.name, &copy.name);
        if from == to {
            return Err(Error::SameName(from.clone()));
        }
        self.require_sole(original).await?;
        self.look_for_columns().await?;
        let expected = self.expectation_of(from).await;
        let uses = self.uses_of_name((from, to), expected.as_deref()).await;
        let how = HowToClone {
            expected: expected.as_deref(),
            ..how
        };
        let session = self.session().await?;
        let work = self.work(&session, Schema::Tenant(original));
        let made = engine::clone(work, copy, how).await;
        drop(session);
        self.directory.forget(to);
        let Made {
            copied,
            tables,
            functions,
        } = made?;
        let mut notes = self.same_but_for_case(std::slice::from_ref(to)).await;
        if !functions.is_empty() {
            notes.push(Note::NameInText {
                name: original.schema.to_string(),
                places: functions,
            });
        }
        if how.rows == Rows::All {
            notes.extend(name_in_rows(&original.schema, expected.as_deref()));
        }
        notes.extend(uses);
        Ok(Cloned {
            from: from.clone(),
            to: to.clone(),
            schema: copy.schema.clone(),
            tables,
            rows: copied.rows,
            notes,
        })
    }
}
