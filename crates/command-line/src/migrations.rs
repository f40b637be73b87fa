//! The migrations on the disk, of both streams.
//!
//! The public stream is the project's and the library's own, which make the list of
//! tenants. A project need not have copies of the latter.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use tenant_core::{
    MIGRATION_HISTORY, MigrationSet, Migrations, SourceError, Version, quote_ident, quote_literal,
};

use crate::exit::UsageError;
use crate::files::{is_folder, read_if_there};
use crate::hints::Advised;
use crate::migration_folder;
use crate::project::{self, NoProject};
use crate::settings::{ProjectSettings, read_folders};

/// The streams, as folders and files are called after them.
const PUBLIC: &str = "public";
const TENANT: &str = "tenant";

/// The folder of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFolder {
    /// Where it is: one folder, or several that are merged. Absolute if the project's
    /// folder is.
    pub paths: Vec<PathBuf>,
    /// Whether somebody has said so: then it has to be there.
    pub is_named: bool,
}

/// Reads the migrations of both streams: those in `migrations_dir`, as `--migrations-dir`
/// has it, else those of the project around the current folder.
///
/// # Errors
///
/// A wrong use when there is no project, no folder with migrations of tenants, or when the
/// migrations cannot be used.
pub fn read(
    settings: &ProjectSettings,
    migrations_dir: Option<&Path>,
) -> anyhow::Result<Migrations> {
    let folder = match migrations_dir {
        Some(_) => PathBuf::new(),
        None => project::folder(settings).map_err(no_migrations)?,
    };
    let of = |stream| folder_of(settings, &folder, stream, migrations_dir);
    Ok(Migrations {
        tenant: read_folders(&of(TENANT)?.paths)?,
        public: public(settings.own_migrations()?, &of(PUBLIC)?)?,
    })
}

/// The folder of a stream: the one in `migrations_dir`, else those of the settings, else the
/// one that the stream's
/// `diesel.STREAM.toml` names, else `migrations/STREAM` in the folder of the project.
///
/// # Errors
///
/// A wrong use when the configuration cannot be read.
pub fn folder_of(
    settings: &ProjectSettings,
    project: &Path,
    stream: &str,
    migrations_dir: Option<&Path>,
) -> anyhow::Result<StreamFolder> {
    if let Some(folder) = migrations_dir {
        return Ok(StreamFolder {
            paths: vec![folder.join(stream)],
            is_named: false,
        });
    }
    if let Some(paths) = settings.folders(stream) {
        return Ok(StreamFolder {
            paths,
            is_named: true,
        });
    }
    let configured = configured(&project.join(format!("diesel.{stream}.toml")))?;
    let is_named = configured.is_some();
    let usual = || Path::new("migrations").join(stream);
    Ok(StreamFolder {
        paths: vec![project.join(configured.unwrap_or_else(usual))],
        is_named,
    })
}

/// The migrations of a public stream, with `own`, which make the library's own tables. What
/// both have counts once.
///
/// # Errors
///
/// As [`public_alone`]. A wrong use too when one has the version of one of the library's.
pub fn public(own: MigrationSet, folder: &StreamFolder) -> anyhow::Result<MigrationSet> {
    let paths = folder.paths.iter().map(|path| path.display().to_string());
    let paths = paths.collect::<Vec<_>>().join(", ");
    let whose = format!("the migrations in {paths}");
    merge(own, public_alone(folder)?, &whose)
}

/// The migrations of the library and those of an application, which are called `whose`.
///
/// # Errors
///
/// Two with one version.
pub(crate) fn merge(
    own: MigrationSet,
    others: MigrationSet,
    whose: &str,
) -> anyhow::Result<MigrationSet> {
    own.merge(others).map_err(|error| {
        let hint = match &error {
            SourceError::TakenVersion { version, .. } => renaming(version),
            _ => "Give your migration another version. If it is a copy of the library's, delete \
                  it: the library brings its own."
                .to_owned(),
        };
        let what = format!("{whose} cannot be used beside those of the list of tenants");
        anyhow!(error).context(Advised::new(what, hint))
    })
}

/// How a migration of the application gets another version, also where it is applied.
fn renaming(version: &Version) -> String {
    let history = format!("public.{}", quote_ident(MIGRATION_HISTORY));
    format!(
        "Rename the folder of your migration. In a database that has applied yours, and has no \
         list of tenants yet, change its row as well: UPDATE {history} SET version = 'NEW' WHERE \
         version = {}.",
        quote_literal(version.as_str())
    )
}

/// The migrations of a public stream as the project has them: none if nobody says that it
/// has any.
///
/// # Errors
///
/// A wrong use when they cannot be used.
pub fn public_alone(folder: &StreamFolder) -> anyhow::Result<MigrationSet> {
    if let ([path], false) = (folder.paths.as_slice(), folder.is_named)
        && !is_folder(path).map_err(|error| migration_folder::no_folder(path, &error))?
    {
        return Ok(MigrationSet::default());
    }
    read_folders(&folder.paths)
}

/// What Diesel's configuration says of the folder.
#[derive(Deserialize)]
struct Configuration {
    migrations_directory: Option<Directory>,
}

#[derive(Deserialize)]
struct Directory {
    dir: Option<PathBuf>,
}

fn configured(file: &Path) -> anyhow::Result<Option<PathBuf>> {
    let unusable = || format!("the configuration {} cannot be used", file.display());
    let Some(text) = read_if_there(file).with_context(unusable)? else {
        return Ok(None);
    };
    let read = toml::from_str::<Configuration>(&text);
    let read = read.map_err(|error| anyhow!(UsageError(error.to_string())));
    let directory = read.with_context(unusable)?.migrations_directory;
    Ok(directory.and_then(|directory| directory.dir))
}

/// Outside a project it is not the database that is missing.
fn no_migrations(error: anyhow::Error) -> anyhow::Error {
    if !error.is::<NoProject>() {
        return error;
    }
    anyhow!(UsageError(error.to_string())).context(Advised::new(
        "there are no migrations here",
        "Run the command in the project's folder, or name the folder of the migrations with \
         --migrations-dir. It has a folder `tenant` in it, and a folder `public` if the \
         application has public migrations.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_where_diesels_configuration_says_or_in_its_usual_place() {
        let project = tempfile::tempdir().unwrap();
        let at = |path: &str| project.path().join(path);
        let settings = ProjectSettings::default();
        let of = |stream| folder_of(&settings, project.path(), stream, None).unwrap();
        std::fs::write(at("diesel.public.toml"), "[print_schema]\n").unwrap();
        assert_eq!(of("public").paths, [at("migrations/public")]);
        assert!(!of("public").is_named);
        let text = "[migrations_directory]\ndir = \"sql\"\n";
        std::fs::write(at("diesel.tenant.toml"), text).unwrap();
        assert_eq!(of("tenant").paths, [at("sql")]);
        assert!(of("tenant").is_named);
        let given = folder_of(
            &settings,
            project.path(),
            "tenant",
            Some(Path::new("other")),
        );
        assert_eq!(given.unwrap().paths, [Path::new("other/tenant")]);
    }

    #[test]
    fn the_librarys_own_migrations_are_there_whatever_the_project_has() {
        let folder = |path: &Path, is_named| StreamFolder {
            paths: vec![path.to_owned()],
            is_named,
        };
        let project = tempfile::tempdir().unwrap();
        let path = project.path().join("public");
        let own = MigrationSet::registry().iter().len();
        assert_eq!(
            public(MigrationSet::registry(), &folder(&path, false))
                .unwrap()
                .iter()
                .len(),
            own
        );
        let error = public(MigrationSet::registry(), &folder(&path, true)).unwrap_err();
        assert!(error.is::<UsageError>(), "{error:?}");
        let write = |name: &str, up: &str| {
            std::fs::create_dir_all(path.join(name)).unwrap();
            std::fs::write(path.join(name).join("up.sql"), up).unwrap();
        };
        write("2026-02-01-000000_plans", "CREATE TABLE plans (id INT);");
        assert_eq!(
            public(MigrationSet::registry(), &folder(&path, true))
                .unwrap()
                .iter()
                .len(),
            own + 1
        );
        write("2026-01-03-000000_plans", "CREATE TABLE other (id INT);");
        let error = public(MigrationSet::registry(), &folder(&path, false)).unwrap_err();
        assert!(error.is::<tenant_core::SourceError>(), "{error:?}");
        let text = format!("{error:#}");
        assert!(text.contains("`2026-01-03-000000_plans`"), "{text}");
        assert!(text.contains("rename yours"), "{text}");
        let advised = error.downcast_ref::<Advised>().unwrap();
        assert!(
            advised.hint.contains("WHERE version = '20260103000000'"),
            "{}",
            advised.hint
        );
    }
}
