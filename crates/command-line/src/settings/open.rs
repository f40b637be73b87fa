//! From settings to values of the library: the one place where each of them becomes one.

use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::anyhow;
use tenant_core::{
    HookError, Hooks, MigrationSet, Migrations, Naming, Registry, RuntimePath, Tenants,
};

use super::{Placed, ProjectSettings, RegistryPlace, read_folders};
use crate::exit::UsageError;
use crate::files::{is_folder, read_if_there};
use crate::migrations::{self, StreamFolder};

impl ProjectSettings {
    /// The folders that the file names for a stream: `public` or `tenant`.
    pub(crate) fn folders(&self, stream: &str) -> Option<Vec<PathBuf>> {
        let migrations = &self.written.migrations;
        let placed = match stream {
            "public" => migrations.public.as_ref(),
            _ => migrations.tenant.as_ref(),
        };
        placed.map(|placed| placed.value.clone())
    }

    /// Refuses a folder of migrations that does not exist.
    ///
    /// # Errors
    ///
    /// A wrong use that names the line.
    pub(crate) fn require_folders(&self) -> anyhow::Result<()> {
        let migrations = &self.written.migrations;
        let placed = [&migrations.public, &migrations.tenant]
            .into_iter()
            .flatten();
        for folders in placed {
            for folder in &folders.value {
                // One that cannot be read is reported with the reason, when it is read.
                if !is_folder(folder).unwrap_or(true) {
                    let place = self.place(folders.line);
                    let folder = folder.display();
                    return Err(anyhow!(UsageError(format!(
                        "{place}: there is no folder {folder}"
                    ))));
                }
            }
        }
        Ok(())
    }

    /// The migrations of the file, and `others` for a stream that it does not name.
    ///
    /// # Errors
    ///
    /// A folder that does not exist, or migrations that cannot be used.
    pub(crate) fn instead_of(&self, others: Migrations) -> anyhow::Result<Migrations> {
        self.require_folders()?;
        let own = self.own_migrations()?;
        let public = self.folders("public").map(|paths| {
            let is_named = true;
            migrations::public(own, &StreamFolder { paths, is_named })
        });
        let tenant = self.folders("tenant").map(|paths| read_folders(&paths));
        Ok(Migrations {
            public: public.transpose()?.unwrap_or(others.public),
            tenant: tenant.transpose()?.unwrap_or(others.tenant),
        })
    }

    /// The same, with the public migrations that make what the registry of the file needs.
    ///
    /// # Errors
    ///
    /// As [`ProjectSettings::registry`], and two migrations with one version.
    pub(crate) fn with_registry(&self, migrations: Migrations) -> anyhow::Result<Migrations> {
        let Some(registry) = self.registry()? else {
            return Ok(migrations);
        };
        let own = registry.migrations();
        let public = migrations::merge(own, migrations.public, "the public migrations")?;
        Ok(Migrations {
            public,
            ..migrations
        })
    }

    /// The public migrations that make the library's own tables for the registry of the file.
    ///
    /// # Errors
    ///
    /// As [`ProjectSettings::registry`].
    pub(crate) fn own_migrations(&self) -> anyhow::Result<MigrationSet> {
        Ok(self.registry()?.unwrap_or_default().migrations())
    }

    /// Which names tenants may have, and what their schemas are called.
    ///
    /// # Errors
    ///
    /// A wrong use for a template or a pattern that the library refuses.
    pub fn naming(&self) -> anyhow::Result<Naming> {
        Ok(self.own_naming()?.unwrap_or_default())
    }

    /// The same; `None` if the file says nothing of it.
    fn own_naming(&self) -> anyhow::Result<Option<Naming>> {
        let (registry, names) = (&self.written.registry, &self.written.names);
        let is_mapped = registry.query.is_some() || registry.schema_column.is_some();
        let naming = match &names.schema {
            Some(template) => self.usable(template.line, Naming::template(&template.value))?,
            None if is_mapped => Naming::mapped(),
            None => Naming::same(),
        };
        match &names.allow {
            Some(pattern) => Ok(Some(
                self.usable(pattern.line, naming.allowing(&pattern.value))?,
            )),
            None => Ok(Some(naming).filter(|_| names.schema.is_some())),
        }
    }

    /// The registry; `None` for the library's own.
    ///
    /// # Errors
    ///
    /// As [`ProjectSettings::naming`].
    pub fn registry(&self) -> anyhow::Result<Option<Registry>> {
        let listed = listed(&self.written.registry);
        let naming = self.own_naming()?;
        if listed.is_none() && naming.is_none() {
            return Ok(None);
        }
        let listed = listed.unwrap_or_default();
        Ok(Some(match naming {
            Some(naming) => listed.naming(naming),
            None => listed,
        }))
    }

    /// The SQL of the file for what happens to tenants, and `others` behind it.
    ///
    /// # Errors
    ///
    /// A wrong use for a file that cannot be read, or that cannot go well.
    pub fn hooks(&self, others: Hooks) -> anyhow::Result<Hooks> {
        let files = &self.written.hooks;
        let hooks = self.added(Hooks::new(), files.seed.as_ref(), Hooks::on_create)?;
        let hooks = self.added(hooks, files.on_drop.as_ref(), Hooks::on_drop)?;
        let hooks = self.added(hooks, files.after_drop.as_ref(), Hooks::after_drop)?;
        let hooks = self.added(hooks, files.on_rename.as_ref(), Hooks::on_rename)?;
        Ok(hooks.then(others))
    }

    /// `hooks` with the SQL of these files, which `add` adds.
    fn added(
        &self,
        hooks: Hooks,
        files: Option<&Placed<Vec<PathBuf>>>,
        add: fn(Hooks, String, &str) -> Result<Hooks, HookError>,
    ) -> anyhow::Result<Hooks> {
        let Some(files) = files else { return Ok(hooks) };
        files.value.iter().try_fold(hooks, |hooks, file| {
            let text = read_if_there(file).and_then(|text| text.ok_or(ErrorKind::NotFound.into()));
            let text = text.map_err(|error| format!("{}: {error}", file.display()));
            let text = self.usable(files.line, text)?;
            let added = add(hooks, file.display().to_string(), &text);
            self.usable(files.line, added)
        })
    }

    /// `tenants` with the registry and the path at run time of the file.
    ///
    /// # Errors
    ///
    /// As [`ProjectSettings::registry`], and what the server says.
    pub async fn apply(&self, tenants: Tenants) -> anyhow::Result<Tenants> {
        let tenants = match &self.written.path.behind {
            Some(behind) => {
                let path = RuntimePath::behind(behind.value.iter().cloned());
                tenants.behind(self.usable(behind.line, path)?)
            }
            None => tenants,
        };
        match self.registry()? {
            Some(registry) => Ok(tenants.listed_in(registry).await?),
            None => Ok(tenants),
        }
    }

    /// A value that the library has accepted, or the error with the line.
    fn usable<T, E: std::fmt::Display>(
        &self,
        line: usize,
        value: Result<T, E>,
    ) -> anyhow::Result<T> {
        value.map_err(|error| anyhow!(UsageError(format!("{}: {error}", self.place(line)))))
    }
}

/// The list that the file names.
fn listed(registry: &RegistryPlace) -> Option<Registry> {
    if let Some(query) = &registry.query {
        let listed = Registry::query(&query.value);
        return Some(match &registry.beside {
            Some(beside) => listed.beside(&beside.value.schema, &beside.value.table),
            None => listed,
        });
    }
    let table = registry.table.as_ref().map(|table| &table.value);
    let key = registry.key.as_ref();
    let column = registry.schema_column.as_ref();
    let only = registry.only.as_ref();
    if table.is_none() && key.is_none() && column.is_none() && only.is_none() {
        return None;
    }
    let listed = table.map_or_else(Registry::default, |table| {
        Registry::table(&table.schema, &table.table)
    });
    let listed = key
        .iter()
        .fold(listed, |listed, key| listed.key(&key.value));
    let listed = column
        .iter()
        .fold(listed, |listed, column| listed.schema_column(&column.value));
    Some(
        only.iter()
            .fold(listed, |listed, only| listed.only(&only.value)),
    )
}
