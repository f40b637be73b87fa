//! The migrations on the disk, of both streams.
//!
//! The public stream is the project's and the library's own, which make the list of
//! tenants. A project need not have copies of the latter.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use tenant_core::{MigrationSet, Migrations};

use crate::files::{is_folder, read_if_there, shown};
use crate::migration_folder::no_folder;
use crate::{Mistake, ProjectSettings, SettingsError, read_folders};

/// The streams, as folders and files are called after them.
const PUBLIC: &str = "public";
const TENANT: &str = "tenant";

/// The folder of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFolder {
    /// Where it is: one folder, or several that are merged. Absolute if the project's
    /// folder is.
    pub paths: Vec<PathBuf>,
    /// Whether an option or a setting names it: then it must exist.
    pub is_named: bool,
}

/// Reads the migrations of both streams: those in `migrations_dir`, as `--migrations-dir`
/// has it, else those of the settings, else those of the project in `project`.
///
/// # Errors
///
/// If there is no folder with migrations of tenants, or the migrations cannot be used.
pub fn read_streams(
    settings: &ProjectSettings,
    project: &Path,
    migrations_dir: Option<&Path>,
) -> Result<Migrations, SettingsError> {
    let of = |stream| folder_of(settings, project, stream, migrations_dir);
    Ok(Migrations {
        tenant: read_folders(&of(TENANT)?.paths)?,
        public: public(settings.own_migrations()?, &of(PUBLIC)?)?,
    })
}

/// The folder of a stream: the one in `migrations_dir`, else those of the settings, else the
/// one that the stream's `diesel.STREAM.toml` names, else `migrations/STREAM` in the folder
/// of the project.
///
/// # Errors
///
/// If the configuration cannot be read.
pub fn folder_of(
    settings: &ProjectSettings,
    project: &Path,
    stream: &str,
    migrations_dir: Option<&Path>,
) -> Result<StreamFolder, SettingsError> {
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
/// As [`public_alone`], and [`SettingsError::BesideTheList`] if one has the version of one
/// of the library's.
pub fn public(own: MigrationSet, folder: &StreamFolder) -> Result<MigrationSet, SettingsError> {
    let merged = own.merge(public_alone(folder)?);
    merged.map_err(|source| {
        let paths = folder.paths.iter().map(|path| path.display().to_string());
        let folders = paths.collect::<Vec<_>>().join(", ");
        let whose = format!("the migrations in {folders}");
        SettingsError::BesideTheList { whose, source }
    })
}

/// The migrations of the project's public stream; none if no setting says that it has any.
///
/// # Errors
///
/// If they cannot be used.
pub fn public_alone(folder: &StreamFolder) -> Result<MigrationSet, SettingsError> {
    if let ([path], false) = (folder.paths.as_slice(), folder.is_named)
        && !is_folder(path).map_err(|error| no_folder(path, &error))?
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

fn configured(file: &Path) -> Result<Option<PathBuf>, SettingsError> {
    let text = read_if_there(file).map_err(|error| {
        let what = format!("could not read the file {}", file.display());
        SettingsError::Unusable(error.to_string()).of_migrations(what)
    })?;
    let Some(text) = text else { return Ok(None) };
    let read = toml::from_str::<Configuration>(&text)
        .map_err(|error| Mistake::of_toml(shown(file), &text, &error))?;
    let directory = read.migrations_directory;
    Ok(directory.and_then(|directory| directory.dir))
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
        assert!(matches!(error, SettingsError::NoFolder(_)), "{error:?}");
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
        let SettingsError::BesideTheList { source, .. } = error else {
            panic!("{error:?}");
        };
        assert!(
            source.to_string().contains("the same version as"),
            "{source}"
        );
    }
}
