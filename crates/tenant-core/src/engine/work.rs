//! [`Work`]: one schema, and what is needed to work on it.

use super::settings::Settings;
use crate::link::{Database, Session};
use crate::migration::MigrationSet;
use crate::name::Schema;
use crate::path::Path;

/// A schema, the connection to work on it with, and how.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) session: &'a Session,
    pub(crate) schema: Schema<'a>,
    pub(crate) migrations: &'a MigrationSet,
    pub(crate) settings: &'a Settings,
    /// For looking at the session from another one.
    pub(crate) database: &'a Database,
    /// Whether the lists of schemas have a column for fingerprints.
    pub(crate) fingerprints: bool,
}

impl<'a> Work<'a> {
    /// The path that leads to the schema.
    pub(super) fn path(self) -> Path<'a> {
        Path::new(self.schema, self.settings.extensions.as_ref())
    }
}
