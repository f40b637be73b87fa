//! Errors of settings as errors of a command, with what to do.

use anyhow::anyhow;
use tenant_core::{MIGRATION_HISTORY, SourceError, quote_ident, quote_literal};
use tenant_settings::SettingsError;

use crate::exit::UsageError;
use crate::hints::Advised;
use crate::message::Hint;
use crate::misplaced;
use crate::mistakes::Mistakes;

/// The error with which the command ends: a wrong use, or what the library says.
#[must_use]
pub fn failure(error: SettingsError) -> anyhow::Error {
    let text = error.to_string();
    match error {
        SettingsError::NoFolder(folder) => anyhow!(UsageError(text)).context(Advised::new(
            "could not read the migrations",
            misplaced::where_they_are(&folder),
        )),
        SettingsError::Mistakes(mistakes) => {
            let mut mistakes = mistakes.into_iter();
            match mistakes.next() {
                Some(first) => anyhow!(Mistakes {
                    first,
                    others: mistakes.collect(),
                }),
                None => anyhow!(UsageError(text)),
            }
        }
        SettingsError::Migrations { what, source } => failure(*source).context(what),
        SettingsError::BesideTheList { source, .. } => {
            let hints = another_version(&source);
            anyhow!(source).context(Advised::with(text, hints))
        }
        SettingsError::Source(error) => anyhow!(error),
        SettingsError::Url(error) => anyhow!(error),
        SettingsError::Tenants(error) => anyhow!(error),
        _ => anyhow!(UsageError(text)),
    }
}

/// How a migration of the application gets another version, also where it is applied.
fn another_version(error: &SourceError) -> Vec<Hint> {
    let SourceError::TakenVersion { version, .. } = error else {
        return vec![Hint::new(
            "Give your migration another version. If it is a copy of the library's migration, \
             delete it: the library brings its own.",
        )];
    };
    let history = format!("public.{}", quote_ident(MIGRATION_HISTORY));
    let version = quote_literal(version.as_str());
    vec![
        Hint::new("Rename the folder of your migration."),
        Hint::new(
            "In a database that has applied yours, and has no list of tenants yet, change its row \
             as well.",
        )
        .run(format!(
            "UPDATE {history} SET version = 'NEW' WHERE version = {version};"
        )),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenant_core::MigrationSet;

    #[test]
    fn a_version_that_the_library_has_is_advised_to_be_changed_where_it_is_applied() {
        let project = tempfile::tempdir().unwrap();
        let path = project.path().join("public");
        std::fs::create_dir_all(path.join("2026-01-03-000000_plans")).unwrap();
        let up = path.join("2026-01-03-000000_plans").join("up.sql");
        std::fs::write(up, "CREATE TABLE other (id INT);").unwrap();
        let folder = tenant_settings::StreamFolder {
            paths: vec![path],
            is_named: false,
        };
        let error = tenant_settings::public(MigrationSet::registry(), &folder).unwrap_err();
        let error = failure(error);
        assert!(error.is::<SourceError>(), "{error:?}");
        let text = format!("{error:#}");
        assert!(text.contains("`2026-01-03-000000_plans`"), "{text}");
        assert!(text.contains("the same version as"), "{text}");
        let hints = &error.downcast_ref::<Advised>().unwrap().hints;
        let hint = hints.last().unwrap().to_string();
        let statement = "WHERE version = '20260103000000'";
        assert!(hint.contains(statement), "{hint}");
    }
}
