//! From settings to values of the library: the one place where each of them becomes one.

use std::path::PathBuf;

use anyhow::anyhow;
use tenant_core::{MigrationSet, Registry, Tenants};

use super::{Placed, ProjectSettings, read_folders};
use crate::exit::UsageError;
use crate::files::is_folder;

impl ProjectSettings {
    /// The public migrations, with the library's own; `None` if the file names no folder.
    ///
    /// # Errors
    ///
    /// As [`read_folders`].
    pub fn public_migrations(&self) -> anyhow::Result<Option<MigrationSet>> {
        let Some(folders) = &self.written.migrations.public else {
            return Ok(None);
        };
        let set = self.read_folders(folders)?;
        Ok(Some(MigrationSet::registry().merge(set)?))
    }

    /// The tenants' migrations; `None` if the file names no folder.
    ///
    /// # Errors
    ///
    /// As [`read_folders`].
    pub fn tenant_migrations(&self) -> anyhow::Result<Option<MigrationSet>> {
        let folders = self.written.migrations.tenant.as_ref();
        folders
            .map(|folders| self.read_folders(folders))
            .transpose()
    }

    fn read_folders(&self, folders: &Placed<Vec<PathBuf>>) -> anyhow::Result<MigrationSet> {
        for folder in &folders.value {
            if !is_folder(folder).unwrap_or(true) {
                let place = self.place(folders.line);
                let folder = folder.display();
                return Err(anyhow!(UsageError(format!(
                    "{place}: there is no folder {folder}"
                ))));
            }
        }
        read_folders(&folders.value)
    }

    /// The registry; `None` for the library's own.
    ///
    /// # Errors
    ///
    /// A wrong use if a key of it is not supported.
    pub fn registry(&self) -> anyhow::Result<Option<Registry>> {
        let registry = &self.written.registry;
        self.unsupported("registry.query", registry.query.as_ref())?;
        self.unsupported("registry.schema_column", registry.schema_column.as_ref())?;
        self.unsupported("registry.only", registry.only.as_ref())?;
        self.unsupported("registry.beside", registry.beside.as_ref())?;
        self.unsupported("names.schema", self.written.names.schema.as_ref())?;
        self.unsupported("names.allow", self.written.names.allow.as_ref())?;
        if registry.table.is_none() && registry.key.is_none() {
            return Ok(None);
        }
        let place = registry.table.as_ref().map(|table| &table.value);
        let listed = place.map_or_else(Registry::default, |place| {
            Registry::table(&place.schema, &place.table)
        });
        Ok(Some(match &registry.key {
            Some(key) => listed.key(&key.value),
            None => listed,
        }))
    }

    /// `tenants` with the registry, the path at run time, and the hooks of the file.
    ///
    /// # Errors
    ///
    /// As [`ProjectSettings::registry`], and what the server says.
    pub async fn apply(&self, tenants: Tenants) -> anyhow::Result<Tenants> {
        self.unsupported("path.behind", self.written.path.behind.as_ref())?;
        let hooks = &self.written.hooks;
        self.unsupported("hooks.seed", hooks.seed.as_ref())?;
        self.unsupported("hooks.on_drop", hooks.on_drop.as_ref())?;
        self.unsupported("hooks.on_rename", hooks.on_rename.as_ref())?;
        match self.registry()? {
            Some(registry) => Ok(tenants.listed_in(registry).await?),
            None => Ok(tenants),
        }
    }

    /// Refuses a key that is read and has no effect yet.
    fn unsupported<T>(&self, key: &str, value: Option<&Placed<T>>) -> anyhow::Result<()> {
        let Some(value) = value else { return Ok(()) };
        let place = self.place(value.line);
        Err(anyhow!(UsageError(format!(
            "{place}: `{key}` is not supported yet by this build"
        ))))
    }
}
