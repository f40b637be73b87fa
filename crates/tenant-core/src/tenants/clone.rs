//! Makes a tenant that is like another one.

use super::handle::Tenants;
use super::texts::name_in_rows;
use crate::engine::{self, HowToClone, Made, NameInRows, Rows};
use crate::events::Call;
use crate::name::{Schema, Target};
use crate::report::{Cloned, Note};
use crate::{Answer, Error, SchemaName, TenantName};

/// A clone of a tenant. Returned by [`Tenants::clone_tenant`].
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
    /// Names the clone's schema, if only the list of tenants knows which schema belongs to which
    /// tenant: see [`Naming::mapped`](crate::Naming::mapped).
    pub fn in_schema(mut self, schema: &'a SchemaName) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Sets which rows to copy. The default is all rows.
    pub fn rows(mut self, rows: Rows) -> Self {
        self.rows = rows;
        self
    }

    /// Copies rows that contain the original's name, although the schema has a function with
    /// dynamic SQL. If that function used the name, it would change the original.
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
    /// Creates the tenant `to` as a copy of `from`. The copy has the same tables, sequences, types,
    /// views, functions, triggers, policies, rights, comments and migration history. It also has
    /// the rows, unless [`CloneTenant::rows`] excludes them.
    ///
    /// The clone is one transaction, which compares both schemas before it commits. All rows are
    /// from one moment, and sessions that use `from` are not blocked. The new tenant belongs to the
    /// role that creates it.
    ///
    /// The clone copies what exists, including changes by hand, whatever the migrations say. Where
    /// the migrations wrote the schema name of `from` into a text, such as a trigger's argument,
    /// the copy has its own name. The call tries three times, and waits each time as long as
    /// [`Settings::lock_timeout`](crate::Settings::lock_timeout) allows.
    ///
    /// # Errors
    ///
    /// About `from`: [`Error::Unknown`], [`Error::Untracked`] if there is only a schema,
    /// [`Error::MissingSchema`] if there is none, [`Error::NotCopyable`] if it has objects that
    /// cannot be cloned, [`Error::NameInText`] if a text written by hand contains its name, which
    /// would lead the clone to `from`. The same error reports rows beside dynamic SQL, unless
    /// [`CloneTenant::allow_name_in_rows`] allows them. About `to`: [`Error::Taken`],
    /// [`Error::Untracked`] if a schema with that name exists, [`Error::MissingSchema`] if it is
    /// registered without one. [`Error::NotAlike`] if the clone differs from the original.
    /// [`Error::Connect`], [`Error::NotSetUp`], [`Error::Busy`] if another run works on either, or
    /// a server error. For example, a policy would hide rows from this role (SQLSTATE 42501).
    /// Nothing is created then.
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
