//! The tenants of the database that a command is to work on, with the
//! migrations that are compiled in.

use command_line::Context;
use command_line::database::read_folder;
use tenant_core::{MigrationSet, Migrations, Selection, Settings, TenantName, Tenants};

/// The tenants of that database.
///
/// # Errors
///
/// Migrations that cannot be read, or a database that cannot be reached.
pub async fn open(context: &Context) -> anyhow::Result<Tenants> {
    open_with(context, Settings::default()).await
}

/// The tenants of that database, with other settings.
///
/// # Errors
///
/// As [`open`].
pub async fn open_with(context: &Context, settings: Settings) -> anyhow::Result<Tenants> {
    let settings = Settings {
        extensions: context.extensions(),
        shared_objects: context.shared_objects(),
        ..settings
    };
    let migrations = migrations(context)?;
    let database = context.database().await?;
    Ok(Tenants::open(database, migrations, settings).await?)
}

/// The tenants that `--only` selects: all when it is not given.
pub(crate) fn selected(only: &[TenantName]) -> Selection {
    if only.is_empty() {
        Selection::all()
    } else {
        Selection::only(only)
    }
}

fn migrations(context: &Context) -> anyhow::Result<Migrations> {
    let Some(folder) = &context.common().migrations_dir else {
        return Ok(Migrations {
            public: MigrationSet::from_source(&schema_public::MIGRATIONS)?,
            tenant: MigrationSet::from_source(&schema_tenant::MIGRATIONS)?,
        });
    };
    Ok(Migrations {
        public: read_folder(&folder.join("public"))?,
        tenant: read_folder(&folder.join("tenant"))?,
    })
}
