//! [`Work`]: one schema, and what is needed to work on it.

use super::settings::Settings;
use super::surroundings::Surroundings;
use crate::assertion::Assertion;
use crate::link::{Database, Session};
use crate::migration::MigrationSet;
use crate::name::Schema;
use crate::path::{ExtensionsSchema, NOTHING, Path};
use crate::registry::Registry;
use crate::report::Waiting;
use crate::{Error, Expected, NotKept, Unconfirmed};

/// A schema, the connection to work on it with, and how.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) session: &'a Session,
    pub(crate) schema: Schema<'a>,
    pub(crate) migrations: &'a MigrationSet,
    pub(crate) settings: &'a Settings,
    /// For looking at the session from another one.
    pub(crate) database: &'a Database,
    /// The lists of schemas.
    pub(crate) registry: &'a Registry,
    /// What is in the schema of extensions.
    pub(crate) surroundings: &'a Surroundings,
    /// Hears when it waits for another run.
    pub(crate) listener: Option<&'a Listener>,
}

/// A listener that is called when work waits for another run.
pub(crate) type Listener = dyn Fn(&Waiting<'_>) + Send + Sync;

impl<'a> Work<'a> {
    /// The path that leads to the schema.
    pub(super) fn path(self) -> Path<'a> {
        Path::new(self.schema, self.settings.extensions.as_ref())
    }

    /// The statement that leaves nothing but the schema behind it in the path.
    pub(super) fn path_behind(self) -> String {
        match &self.settings.extensions {
            Some(extensions) => extensions.alone(),
            None => NOTHING.to_owned(),
        }
    }

    /// The schema behind it in the path, if it is a tenant's schema or a similar one.
    pub(super) fn behind(self) -> Option<&'a ExtensionsSchema> {
        if matches!(self.schema, Schema::Public) {
            return None;
        }
        let extensions = self.settings.extensions.as_ref();
        extensions.filter(|extensions| extensions.name() != self.schema.schema_name())
    }

    /// The same work on another schema.
    pub(super) fn on(self, schema: Schema<'a>) -> Self {
        Self { schema, ..self }
    }

    /// The row of the schema is not as it was written.
    pub(super) fn not_listed(self) -> Error {
        Error::NotListed {
            schema: self.schema.to_string(),
            list: self.registry.list_of(self.schema).to_owned(),
        }
    }

    /// The application's list does not say of the tenant what it should.
    pub(super) fn unconfirmed(self, unmet: Option<Assertion>) -> Option<Error> {
        let Schema::Tenant(target) = self.schema else {
            return None;
        };
        Some(Error::Unconfirmed(Box::new(Unconfirmed {
            name: target.name.clone(),
            schema: target.schema.clone(),
            expected: match unmet {
                Some(Assertion::Gone) => Expected::Gone,
                _ => Expected::Listed,
            },
        })))
    }

    /// The application's own work has changed what only this library changes.
    pub(super) fn not_kept(self, unmet: Assertion) -> Option<Error> {
        match self.schema {
            Schema::Tenant(target) => NotKept::of(target, unmet),
            _ => None,
        }
    }

    /// The schema is listed, and does not exist.
    pub(super) fn missing(self) -> Error {
        match self.schema {
            Schema::Public => self.registry.not_set_up(),
            Schema::Tenant(target) => Error::MissingSchema(target.name.clone()),
            Schema::Spare(name) => Error::MissingSpare(name.clone()),
            Schema::Rehearsal(name) => Error::NoSchema(name.clone()),
        }
    }

    /// The schema is neither listed, nor does it exist.
    pub(super) fn unknown(self) -> Error {
        match self.schema {
            Schema::Tenant(target) => Error::Unknown(target.name.clone()),
            Schema::Spare(name) => Error::UnknownSpare(name.clone()),
            Schema::Public | Schema::Rehearsal(_) => self.missing(),
        }
    }

    /// The schema exists, and is not listed.
    pub(super) fn untracked(self) -> Error {
        let name = self.schema.own_name().cloned();
        name.map_or_else(|| self.missing(), Error::Untracked)
    }

    /// The schema is listed, and exists.
    pub(super) fn taken(self) -> Error {
        match self.schema {
            Schema::Tenant(target) => Error::Taken(target.name.clone()),
            _ => self.untracked(),
        }
    }

    /// No schema exists that could be registered under the name.
    pub(super) fn no_schema(self) -> Error {
        let name = self.schema.own_name().cloned();
        name.map_or_else(|| self.missing(), Error::NoSchema)
    }
}
