//! Errors of settings as errors of a command, with what to do.

use anyhow::anyhow;
use tenant_settings::SettingsError;

use crate::exit::UsageError;
use crate::hints::Advised;
use crate::misplaced;

/// The error with which the command ends: a wrong use, or what the library says.
#[must_use]
pub fn failure(error: SettingsError) -> anyhow::Error {
    let text = error.to_string();
    match error {
        SettingsError::NoFolder(folder) => anyhow!(UsageError(text)).context(Advised::new(
            "the migrations cannot be read",
            misplaced::where_they_are(&folder),
        )),
        SettingsError::Migrations { what, source } => failure(*source).context(what),
        SettingsError::BesideTheList { source, .. } => anyhow!(source).context(Advised::new(
            text,
            "Give your migration another version. If it is a copy of the library's, delete it: \
             the library brings its own.",
        )),
        SettingsError::Source(error) => anyhow!(error),
        SettingsError::Url(error) => anyhow!(error),
        SettingsError::Tenants(error) => anyhow!(error),
        _ => anyhow!(UsageError(text)),
    }
}
