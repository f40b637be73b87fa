//! SQL files that `--seed` names.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use command_line::exit::UsageError;
use tenant_core::{HookError, Hooks, Settings};

/// How a text becomes one that runs when something happens to a tenant, such as
/// [`Hooks::on_create`].
type Add = fn(Hooks, String, &str) -> Result<Hooks, HookError>;

/// The settings with these files behind what is to run, which `add` adds.
///
/// # Errors
///
/// A file that cannot be read, or that cannot go well: wrong use.
pub(crate) fn seeded(
    mut settings: Settings,
    files: &[PathBuf],
    add: Add,
) -> anyhow::Result<Settings> {
    for file in files {
        let text = read(file)?;
        let shown = file.display().to_string();
        let hooks = add(settings.hooks, shown, &text);
        settings.hooks = hooks.map_err(|error| anyhow!(UsageError(error.to_string())))?;
    }
    Ok(settings)
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file)
        .map_err(|error| anyhow!(UsageError(error.to_string())))
        .with_context(|| format!("could not read the seed from {}", file.display()))
}
