//! The project on the disk: where its two streams of migrations have their
//! things.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::ValueEnum;
use command_line::ProjectSettings;
use command_line::exit::UsageError;
use command_line::hints::Advised;
use command_line::init;
use command_line::migrations::folder_of;
use command_line::project::NoProject;
use schemars::JsonSchema;
use serde::Serialize;

use schema_diff::Filter;

use crate::config;

/// Which migrations: the public migrations, or the tenant migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// What exists once
    Public,
    /// What each tenant has
    Tenant,
}

impl Stream {
    /// Both, in the order in which they are applied.
    pub const ALL: [Self; 2] = [Self::Public, Self::Tenant];

    /// As it is written in the names of files and options.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Tenant => "tenant",
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The project's folder.
#[derive(Debug, Clone)]
pub struct Project {
    folder: PathBuf,
    settings: ProjectSettings,
}

/// Where a stream has its things. All paths are absolute.
#[derive(Debug, Clone)]
pub struct StreamFiles {
    /// Which stream.
    pub stream: Stream,
    /// Its Diesel configuration, which need not exist: `diesel.STREAM.toml`. For the tenant stream
    /// it is `diesel.toml` if only that exists.
    pub config: PathBuf,
    /// The folders of its migrations, one or more. New ones go into the first.
    pub migrations: Vec<PathBuf>,
    /// Its `schema.rs`.
    pub schema: PathBuf,
    /// Whether the path of the `schema.rs` is a guess because no setting names it.
    pub is_schema_guessed: bool,
    /// Which tables stand in that.
    pub filter: Filter,
}

impl Project {
    /// The project of these settings, else of the current folder or of one above.
    ///
    /// # Errors
    ///
    /// A wrong use if there is no project.
    pub fn find(settings: &ProjectSettings) -> anyhow::Result<Self> {
        match command_line::project::folder(settings) {
            Ok(folder) => Ok(Self {
                folder,
                settings: settings.clone(),
            }),
            Err(error) if error.is::<NoProject>() => {
                let hint = "Run the command in the project's folder.";
                Err(anyhow!(UsageError(error.to_string()))
                    .context(Advised::new("could not find the project", hint)))
            }
            Err(error) => Err(error),
        }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &ProjectSettings {
        &self.settings
    }

    /// Where `stream` has its things: as the settings say, else its configuration, else in
    /// the usual places. `migrations_dir`, the common option, comes before all.
    ///
    /// # Errors
    ///
    /// A wrong use when the configuration cannot be read.
    pub fn files(
        &self,
        stream: Stream,
        migrations_dir: Option<&Path>,
    ) -> anyhow::Result<StreamFiles> {
        let config = self.config(stream);
        let read = config::read(&config)?.print_schema;
        let settings = &self.settings;
        let migrations = folder_of(settings, &self.folder, stream.name(), migrations_dir)?;
        // The user typed the option, so it starts where the user is.
        let folders = migrations.paths.iter().map(std::path::absolute);
        let migrations = folders.collect::<Result<Vec<_>, _>>()?;
        let named = self.named_schema(stream).or(read.file);
        let (schema, is_schema_guessed) = match (named, self.package(stream)) {
            (Some(file), _) => (file, false),
            (None, Some(package)) => (package.join("src/schema.rs"), false),
            (None, None) => (usual_schema(stream).into(), true),
        };
        Ok(StreamFiles {
            stream,
            config,
            migrations,
            schema: self.folder.join(schema),
            is_schema_guessed,
            filter: read.filter,
        })
    }

    /// The same for both streams, or for the only one that there is: a project need not
    /// have public migrations, nor tables that are not the library's.
    ///
    /// # Errors
    ///
    /// As [`Project::files`].
    pub fn all_files(&self, migrations_dir: Option<&Path>) -> anyhow::Result<Vec<StreamFiles>> {
        let public = self.files(Stream::Public, migrations_dir)?;
        let is_public = match migrations_dir {
            Some(_) => public.migrations.iter().any(|folder| folder.is_dir()),
            None => {
                let others = [&public.config, &public.schema];
                let mut all = public.migrations.iter().chain(others);
                all.any(|path| path.exists())
            }
        };
        let tenant = self.files(Stream::Tenant, migrations_dir)?;
        Ok(Some(public)
            .filter(|_| is_public)
            .into_iter()
            .chain([tenant])
            .collect())
    }

    /// The `schema.rs` that the settings name.
    fn named_schema(&self, stream: Stream) -> Option<PathBuf> {
        let schema = &self.settings.written().schema;
        let named = match stream {
            Stream::Public => schema.public.as_ref(),
            Stream::Tenant => schema.tenant.as_ref(),
        };
        named.map(|named| named.value.clone())
    }

    fn config(&self, stream: Stream) -> PathBuf {
        let own = self.folder.join(format!("diesel.{stream}.toml"));
        let only = self.folder.join("diesel.toml");
        let is_only = !own.exists() && only.exists() && self.owner(&only) == stream;
        if is_only { only } else { own }
    }

    /// Whose `diesel.toml` is: the stream whose `schema.rs` it names, by the settings or by
    /// what `tenants init` finds in the project; else the tenants'.
    fn owner(&self, only: &Path) -> Stream {
        let Some(file) = config::read(only)
            .ok()
            .and_then(|read| read.print_schema.file)
        else {
            return Stream::Tenant;
        };
        let schema = self.folder.join(file);
        let is_named = |stream: &Stream| {
            let named = self.named_schema(*stream);
            named.is_some_and(|named| self.folder.join(named) == schema)
        };
        if let Some(stream) = Stream::ALL.into_iter().find(is_named) {
            return stream;
        }
        let found = init::look_at_folder(&self.folder).public_schema;
        match found.is_some_and(|found| self.folder.join(found) == schema) {
            true => Stream::Public,
            false => Stream::Tenant,
        }
    }

    /// The package of a stream's tables, if there is one.
    fn package(&self, stream: Stream) -> Option<PathBuf> {
        let package = self.folder.join(format!("crates/schema-{stream}"));
        Some(package).filter(|package| package.is_dir())
    }

    /// `path` as it is shown: from the project's folder where it is in there.
    #[must_use]
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.folder).unwrap_or(path).display()
    }
}

/// Where an application has its tables: the Diesel CLI's own place for tenants.
fn usual_schema(stream: Stream) -> &'static str {
    match stream {
        Stream::Public => "src/schema_public.rs",
        Stream::Tenant => "src/schema.rs",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(config: &str) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("diesel.tenant.toml"), config).unwrap();
        let project = Project {
            folder: folder.path().to_path_buf(),
            settings: ProjectSettings::default(),
        };
        (folder, project)
    }

    #[test]
    fn what_the_configuration_leaves_out_is_where_this_project_has_it() {
        let (folder, project) = project("[print_schema]\n");
        for stream in Stream::ALL {
            let package = folder.path().join(format!("crates/schema-{stream}"));
            std::fs::create_dir_all(package).unwrap();
            let files = project.files(stream, None).unwrap();
            let at = |path: String| folder.path().join(path);
            assert_eq!(files.migrations, [at(format!("migrations/{stream}"))]);
            let schema = at(format!("crates/schema-{stream}/src/schema.rs"));
            assert_eq!(files.schema, schema);
            assert!(files.filter.includes("anything"));
        }
    }

    #[test]
    fn an_applications_tables_are_looked_for_where_diesel_puts_them() {
        let (folder, project) = project("");
        let at = |path: &str| folder.path().join(path);
        for (stream, schema) in [
            (Stream::Public, "src/schema_public.rs"),
            (Stream::Tenant, "src/schema.rs"),
        ] {
            let files = project.files(stream, None).unwrap();
            assert_eq!(files.schema, at(schema));
            assert!(files.is_schema_guessed);
        }
        // Diesel's own file counts for tenants, unless they have one.
        std::fs::write(at("diesel.toml"), "[print_schema]\nfile = \"db.rs\"\n").unwrap();
        let schema = || project.files(Stream::Tenant, None).unwrap().schema;
        assert_eq!(schema(), at("src/schema.rs"));
        std::fs::remove_file(at("diesel.tenant.toml")).unwrap();
        assert_eq!(schema(), at("db.rs"));
        let public = project.files(Stream::Public, None).unwrap();
        assert_eq!(public.schema, at("src/schema_public.rs"));
    }

    #[test]
    fn diesels_own_file_is_of_the_stream_that_the_proposed_settings_give_it() {
        let (folder, project) = project("");
        let at = |path: &str| folder.path().join(path);
        std::fs::remove_file(at("diesel.tenant.toml")).unwrap();
        let text = "[print_schema]\nfile = \"src/schema.rs\"\n";
        std::fs::write(at("diesel.toml"), text).unwrap();
        std::fs::create_dir_all(at("src/tenant")).unwrap();
        // Beside tables of tenants, those of the other file are public.
        std::fs::write(at("src/tenant/schema.rs"), "diesel::table! {}").unwrap();
        let disk = init::look_at_folder(folder.path());
        assert_eq!(disk.public_schema.as_deref(), Some("src/schema.rs"));
        let public = project.files(Stream::Public, None).unwrap();
        assert_eq!(public.schema, at("src/schema.rs"));
        assert_eq!(public.config, at("diesel.toml"));
        let tenant = project.files(Stream::Tenant, None).unwrap();
        assert_eq!(tenant.config, at("diesel.tenant.toml"));
        // The settings have the last word.
        let file = at("tenants.toml");
        std::fs::write(&file, "[schema]\ntenant = 'src/schema.rs'\n").unwrap();
        let settings = ProjectSettings::read(file).unwrap();
        let project = Project {
            settings,
            ..project
        };
        let tenant = project.files(Stream::Tenant, None).unwrap();
        assert_eq!(tenant.config, at("diesel.toml"));
        let public = project.files(Stream::Public, None).unwrap();
        assert_eq!(public.config, at("diesel.public.toml"));
    }

    #[test]
    fn a_project_without_public_tables_has_one_stream() {
        let (folder, project) = project("");
        let streams = |migrations_dir| {
            let files = project.all_files(migrations_dir).unwrap();
            files.iter().map(|files| files.stream).collect::<Vec<_>>()
        };
        assert_eq!(streams(None), [Stream::Tenant]);
        std::fs::create_dir_all(folder.path().join("migrations/public")).unwrap();
        assert_eq!(streams(None), Stream::ALL);
        assert_eq!(streams(Some(folder.path())), [Stream::Tenant]);
    }

    #[test]
    fn the_configuration_is_followed_and_what_is_not_for_us_is_left_alone() {
        let (folder, project) = project(
            "[migrations_directory]\ndir = \"sql\"\n[print_schema]\nfile = \"src/schema.rs\"\n\
             filter = { except_tables = [\"^old_\"] }\nwith_docs = true\nnot_even_known = 1\n",
        );
        let files = project.files(Stream::Tenant, None).unwrap();
        assert_eq!(files.migrations, [folder.path().join("sql")]);
        assert_eq!(files.schema, folder.path().join("src/schema.rs"));
        assert!(!files.filter.includes("old_users"));
        assert_eq!(project.shown(&files.schema).to_string(), "src/schema.rs");
    }

    #[test]
    fn the_option_comes_before_the_configuration() {
        let (_folder, project) = project("[migrations_directory]\ndir = \"sql\"\n");
        let elsewhere = Path::new("/elsewhere");
        let files = project.files(Stream::Tenant, Some(elsewhere)).unwrap();
        assert_eq!(files.migrations, [Path::new("/elsewhere/tenant")]);
    }

    #[test]
    fn the_settings_come_before_the_configuration_and_behind_the_option() {
        let (folder, project) = project(
            "[migrations_directory]\ndir = \"sql\"\n[print_schema]\nfile = \"src/other.rs\"\n",
        );
        let file = folder.path().join("tenants.toml");
        let text = "[migrations]\ntenant = ['own', 'vendor']\n[schema]\ntenant = 'src/schema.rs'\n";
        std::fs::write(&file, text).unwrap();
        let settings = ProjectSettings::read(file).unwrap();
        let project = Project {
            settings,
            ..project
        };
        let files = project.files(Stream::Tenant, None).unwrap();
        let at = |path: &str| folder.path().join(path);
        assert_eq!(files.migrations, [at("own"), at("vendor")]);
        assert_eq!(files.schema, at("src/schema.rs"));
        let elsewhere = Path::new("/elsewhere");
        let files = project.files(Stream::Tenant, Some(elsewhere)).unwrap();
        assert_eq!(files.migrations, [Path::new("/elsewhere/tenant")]);
    }

    #[test]
    fn a_configuration_that_cannot_be_read_is_wrong_use() {
        let (_folder, project) = project("[print_schema\n");
        let error = project.files(Stream::Tenant, None).unwrap_err();
        assert!(error.is::<UsageError>(), "{error:?}");
        assert!(error.to_string().contains("diesel.tenant.toml"), "{error}");
    }
}
