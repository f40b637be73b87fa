//! From settings to opened tenants.

use std::path::Path;

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use tenant_core::{
    Database, ExtensionsSchema, Hooks, MigrationSet, Migrations, RuntimePath, Settings, Tenants,
    TransactionMode,
};

use crate::{Placed, ProjectSettings, SettingsError, Transaction, object_name, read_streams};

/// The compiled-in public migrations of an application, from `embed_migrations!`. Leave out the
/// library's own migrations, which are added.
#[derive(Debug, Clone, Copy)]
pub struct Public<P>(pub P);

/// The compiled-in tenant migrations of an application.
#[derive(Debug, Clone, Copy)]
pub struct Tenant<T>(pub T);

impl ProjectSettings {
    /// Opens the tenants in the database of `url`, with the migrations on disk: the folders of the
    /// file, or of `diesel.public.toml` and `diesel.tenant.toml`, or `migrations/public` and
    /// `migrations/tenant`.
    ///
    /// # Errors
    ///
    /// As [`open_with`](Self::open_with), and if a folder does not exist.
    pub async fn open(&self, url: &str) -> Result<Tenants, SettingsError> {
        let project = self.folder().unwrap_or(Path::new(""));
        self.require_folders()?;
        let read = read_streams(self, project, None)?;
        self.open_migrations(url, read).await
    }

    /// Opens the tenants in the database of `url`, with compiled-in migrations. The folders of the
    /// file are not read.
    ///
    /// # Errors
    ///
    /// If a value of the file, a migration or the URL is not valid, and errors of [`Tenants::open`]
    /// and [`Tenants::listed_in`].
    pub async fn open_with<P, T>(
        &self,
        url: &str,
        public: Public<P>,
        tenant: Tenant<T>,
    ) -> Result<Tenants, SettingsError>
    where
        P: MigrationSource<Pg>,
        T: MigrationSource<Pg>,
    {
        let embedded = Migrations {
            public: self
                .own_migrations()?
                .merge(MigrationSet::from_source(&public.0)?)?,
            tenant: MigrationSet::from_source(&tenant.0)?,
        };
        self.open_migrations(url, embedded).await
    }

    async fn open_migrations(
        &self,
        url: &str,
        migrations: Migrations,
    ) -> Result<Tenants, SettingsError> {
        let database = Database::parse(url)?;
        let opened = Tenants::open(database, migrations, self.settings()?).await?;
        self.apply(opened).await
    }

    /// Returns the settings for all work on schemas. They do not include the registry and the
    /// names: see [`registry`](Self::registry).
    ///
    /// # Errors
    ///
    /// If a value is not valid, or if a hook cannot be read.
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        let usual = Settings::default();
        let (path, defaults) = (&self.written.path, &self.written.defaults);
        let extensions = path.extensions_schema.as_ref();
        let objects = path.shared_objects.as_ref().map(|names| &names.value);
        let role = self.written.application_role.as_ref();
        Ok(Settings {
            lock_timeout: or(defaults.lock_timeout.as_ref(), usual.lock_timeout),
            wait: or(defaults.wait.as_ref(), usual.wait),
            statement_timeout: or(defaults.statement_timeout.as_ref(), usual.statement_timeout),
            transaction: match or(defaults.transaction.as_ref(), Transaction::Schema) {
                Transaction::Schema => TransactionMode::Schema,
                Transaction::Migration => TransactionMode::Migration,
            },
            extensions: extensions.map(|schema| ExtensionsSchema::new(&schema.value)),
            runtime_path: self.runtime_path()?.unwrap_or_default(),
            shared_objects: objects
                .into_iter()
                .flatten()
                .map(|name| object_name(name))
                .collect(),
            application_role: role.map(|role| role.value.clone()),
            hooks: self.hooks(Hooks::new())?,
            ..usual
        })
    }

    /// Returns the schemas that follow the tenant's schema in the application's search path, if the
    /// file names them.
    ///
    /// # Errors
    ///
    /// If a name is not valid.
    pub fn runtime_path(&self) -> Result<Option<RuntimePath>, SettingsError> {
        let Some(behind) = &self.written.path.behind else {
            return Ok(None);
        };
        let path = RuntimePath::behind(behind.value.iter().cloned());
        self.usable(behind.line, path).map(Some)
    }
}

fn or<T: Copy>(placed: Option<&Placed<T>>, usual: T) -> T {
    placed.map_or(usual, |placed| placed.value)
}
