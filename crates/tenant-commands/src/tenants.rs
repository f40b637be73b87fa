//! The tenants of the database that a command is to work on, with the migrations of the
//! program or of the disk.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use command_line::settings::{HooksOn, failure};
use command_line::{Context, Message};
use tenant_core::{Settings, Tenants, Waiting};

/// The tenants of that database.
///
/// # Errors
///
/// Migrations that cannot be read, or a database that cannot be reached.
pub async fn open(context: &Context) -> anyhow::Result<Tenants> {
    open_with(context, Settings::default()).await
}

/// The tenants of that database, for a command in which these things happen to tenants,
/// with the application's own SQL for them.
///
/// # Errors
///
/// As [`open`], and a file with SQL that cannot be read or cannot go well.
pub async fn open_for(
    happens: &[HooksOn],
    context: &Context,
    settings: Settings,
) -> anyhow::Result<Tenants> {
    let settings = Settings {
        hooks: context
            .settings()
            .hooks_on(happens, settings.hooks)
            .map_err(failure)?,
        ..settings
    };
    open_with(context, settings).await
}

/// The tenants of that database, with other settings. The application's own SQL is not read.
///
/// # Errors
///
/// As [`open`].
pub async fn open_with(context: &Context, settings: Settings) -> anyhow::Result<Tenants> {
    let settings = Settings {
        extensions: context.extensions(),
        shared_objects: context.shared_objects(),
        notices: context.output.is_verbose(),
        ..settings
    };
    let migrations = context.migrations()?;
    let database = context.database().await?;
    let tenants = Tenants::open(database, migrations, settings).await?;
    let tenants = context.settings().apply(tenants).await.map_err(failure)?;
    warn_of_path(context, &tenants).await;
    let told = Mutex::new(HashSet::new());
    let output = context.output;
    Ok(tenants.on_wait(move |waiting| {
        if is_new(&told, waiting) {
            output.say(&Message::note(waiting.to_string()));
        }
    }))
}

/// Tells of schemas behind the tenants' own that cannot be there. No command of this program
/// but one for a single tenant uses that path: what cannot be read is told by the command.
async fn warn_of_path(context: &Context, tenants: &Tenants) {
    let Ok(found) = tenants.unfit_path().await else {
        return;
    };
    for unfit in found {
        context.output.say(&Message::warning(unfit.to_string()));
    }
}

/// Whether it is another run that is waited for than those before: a run over many
/// tenants meets the same one at each.
fn is_new(told: &Mutex<HashSet<i32>>, waiting: &Waiting<'_>) -> bool {
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    if waiting.holders.is_empty() {
        return told.insert(0);
    }
    let new = waiting.holders.iter().map(|holder| told.insert(holder.pid));
    new.fold(false, |any, one| any | one)
}
