//! From settings to values of the library: the one place where each of them becomes one.

use std::path::PathBuf;

use tenant_core::{
    HookError, Hooks, MigrationSet, Migrations, Naming, Registry, TenantState, Tenants,
};

use crate::files::{is_folder, read_if_there};
use crate::{
    Mistake, Placed, ProjectSettings, RegistryPlace, SettingsError, StreamFolder, read_folders,
    streams,
};

/// The tenant events of a command that runs the application's own SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HooksOn {
    /// A tenant is created: `seed`.
    Create,
    /// A tenant is dropped: `on_drop`, `after_drop`.
    Drop,
    /// A tenant is renamed: `on_rename`.
    Rename,
}

impl ProjectSettings {
    /// Returns the folders of the file for a stream: `public` or `tenant`.
    #[must_use]
    pub fn folders(&self, stream: &str) -> Option<Vec<PathBuf>> {
        let migrations = &self.written.migrations;
        let placed = match stream {
            "public" => migrations.public.as_ref(),
            _ => migrations.tenant.as_ref(),
        };
        placed.map(|placed| placed.value.clone())
    }

    /// Checks that the folders of migrations exist.
    ///
    /// # Errors
    ///
    /// If a folder does not exist. The error names it and the line.
    pub fn require_folders(&self) -> Result<(), SettingsError> {
        let migrations = &self.written.migrations;
        let placed = [&migrations.public, &migrations.tenant]
            .into_iter()
            .flatten();
        for folders in placed {
            for folder in &folders.value {
                // One that cannot be read is reported with the reason, when it is read.
                if !is_folder(folder).unwrap_or(true) {
                    let what = format!("there is no folder {}", folder.display());
                    return Err(self.mistake(folders.line, what).into());
                }
            }
        }
        Ok(())
    }

    /// Returns the migrations of the file, and of `others` for a stream that the file does not
    /// name.
    ///
    /// # Errors
    ///
    /// If a folder does not exist, or if migrations are not valid.
    pub fn instead_of(&self, others: Migrations) -> Result<Migrations, SettingsError> {
        self.require_folders()?;
        let own = self.own_migrations()?;
        let public = self.folders("public").map(|paths| {
            let is_named = true;
            streams::public(own, &StreamFolder { paths, is_named })
        });
        let tenant = self.folders("tenant").map(|paths| read_folders(&paths));
        Ok(Migrations {
            public: public.transpose()?.unwrap_or(others.public),
            tenant: tenant.transpose()?.unwrap_or(others.tenant),
        })
    }

    /// Adds the public migrations that the registry of the file needs.
    ///
    /// # Errors
    ///
    /// As [`ProjectSettings::registry`], and if two migrations have the same version.
    pub fn with_registry(&self, migrations: Migrations) -> Result<Migrations, SettingsError> {
        let Some(registry) = self.registry()? else {
            return Ok(migrations);
        };
        let merged = registry.migrations().merge(migrations.public);
        let public = merged.map_err(|source| SettingsError::BesideTheList {
            whose: "the public migrations".to_owned(),
            source,
        })?;
        Ok(Migrations {
            public,
            ..migrations
        })
    }

    /// Returns the public migrations that create the library's own tables for the registry of the
    /// file.
    ///
    /// # Errors
    ///
    /// As [`ProjectSettings::registry`].
    pub fn own_migrations(&self) -> Result<MigrationSet, SettingsError> {
        Ok(self.registry()?.unwrap_or_default().migrations())
    }

    /// Returns the rules for tenant names and schema names.
    ///
    /// # Errors
    ///
    /// If a template or a pattern is not valid.
    pub fn naming(&self) -> Result<Naming, SettingsError> {
        Ok(self.own_naming()?.unwrap_or_default())
    }

    /// The same; `None` if the file says nothing of it.
    fn own_naming(&self) -> Result<Option<Naming>, SettingsError> {
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

    /// Returns the registry; `None` for the library's own.
    ///
    /// # Errors
    ///
    /// As [`ProjectSettings::naming`].
    pub fn registry(&self) -> Result<Option<Registry>, SettingsError> {
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

    /// Returns the hooks of the file, with `others` after them.
    ///
    /// # Errors
    ///
    /// As [`ProjectSettings::hooks_on`].
    pub fn hooks(&self, others: Hooks) -> Result<Hooks, SettingsError> {
        let all = [HooksOn::Create, HooksOn::Drop, HooksOn::Rename];
        self.hooks_on(&all, others)
    }

    /// Returns the hooks of the file for these events, with `others` after them. It reads no other
    /// file.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or if its SQL cannot run.
    pub fn hooks_on(&self, happens: &[HooksOn], others: Hooks) -> Result<Hooks, SettingsError> {
        let read = happens.iter().try_fold(Hooks::new(), |hooks, one| {
            let files = &self.written.hooks;
            match one {
                HooksOn::Create => self.added(hooks, ("seed", &files.seed), Hooks::on_create),
                HooksOn::Drop => {
                    let hooks = self.added(hooks, ("on_drop", &files.on_drop), Hooks::on_drop)?;
                    let after = ("after_drop", &files.after_drop);
                    self.added(hooks, after, Hooks::after_drop)
                }
                HooksOn::Rename => {
                    self.added(hooks, ("on_rename", &files.on_rename), Hooks::on_rename)
                }
            }
        });
        Ok(read?.then(others))
    }

    /// `hooks` with the SQL of the files of `key`, which `add` adds.
    fn added(
        &self,
        hooks: Hooks,
        (key, files): (&str, &Option<Placed<Vec<PathBuf>>>),
        add: fn(Hooks, String, &str) -> Result<Hooks, HookError>,
    ) -> Result<Hooks, SettingsError> {
        let Some(files) = files else { return Ok(hooks) };
        files.value.iter().try_fold(hooks, |hooks, file| {
            let shown = file.display();
            let read = match self.texts.get(file) {
                Some(text) => Ok(Some(text.clone())),
                None => read_if_there(file),
            };
            let text = match read {
                Ok(Some(text)) => Ok(text),
                Ok(None) => Err(format!(
                    "`{key}` names the file {shown}, which does not exist"
                )),
                Err(error) => Err(format!(
                    "could not read the file {shown}, which `{key}` names: {error}"
                )),
            };
            let text = self.usable(files.line, text)?;
            let added = add(hooks, shown.to_string(), &text);
            added.map_err(|error| of_hook(&error).into())
        })
    }

    /// Returns `tenants` with the registry and the run-time path of the file.
    ///
    /// # Errors
    ///
    /// As [`ProjectSettings::registry`], or a server error.
    pub async fn apply(&self, tenants: Tenants) -> Result<Tenants, SettingsError> {
        let tenants = match self.runtime_path()? {
            Some(path) => tenants.behind(path),
            None => tenants,
        };
        match self.registry()? {
            Some(registry) => Ok(tenants.listed_in(registry).await?),
            None => Ok(tenants),
        }
    }

    /// A value that the library has accepted, or the error with the line.
    pub(crate) fn usable<T, E: std::fmt::Display>(
        &self,
        line: usize,
        value: Result<T, E>,
    ) -> Result<T, SettingsError> {
        value.map_err(|error| self.mistake(line, error.to_string()).into())
    }
}

/// A mistake in the file of a hook.
fn of_hook(error: &HookError) -> Mistake {
    let what = format!("the hook cannot run: {}", error.reason);
    Mistake::in_line(&error.source_name, error.line, what)
}

/// The list that the file names.
fn listed(registry: &RegistryPlace) -> Option<Registry> {
    let listed = match &registry.query {
        Some(query) => Some(by_query(registry, &query.value)),
        None => in_table(registry),
    };
    let words = registry.states.iter().flat_map(|states| &states.value);
    let add = |listed: Registry, (word, state): &(String, TenantState)| {
        listed.state_word(word, state.clone())
    };
    Some(words.fold(listed?, add))
}

fn by_query(registry: &RegistryPlace, query: &str) -> Registry {
    let listed = Registry::query(query);
    match &registry.beside {
        Some(beside) => listed.beside(&beside.value.schema, &beside.value.table),
        None => listed,
    }
}

/// What a text of the file changes.
type Change = fn(Registry, &str) -> Registry;

fn in_table(registry: &RegistryPlace) -> Option<Registry> {
    let table = registry.table.as_ref().map(|table| &table.value);
    let [key, schema, state, only] = [
        &registry.key,
        &registry.schema_column,
        &registry.state_column,
        &registry.only,
    ]
    .map(|text| text.as_ref().map(|text| text.value.as_str()));
    if table.is_none() && [key, schema, state, only].iter().all(Option::is_none) {
        return None;
    }
    let mut listed = table.map_or_else(Registry::default, |table| {
        Registry::table(&table.schema, &table.table)
    });
    let changes: [(Option<&str>, Change); 4] = [
        (key, Registry::key),
        (schema, Registry::schema_column),
        (state, Registry::state_column),
        (only, Registry::only),
    ];
    for (text, change) in changes {
        if let Some(text) = text {
            listed = change(listed, text);
        }
    }
    Some(listed)
}
