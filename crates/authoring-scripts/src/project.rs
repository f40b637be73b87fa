//! The project on the disk: where its two streams of migrations have their
//! things.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::ValueEnum;
use command_line::exit::UsageError;
use command_line::migrations::folder_of;
use command_line::project::NoProject;
use serde::Serialize;

use schema_diff::Filter;

use crate::config;

/// Which migrations: those of the public schema, or those of every tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// What exists once
    Public,
    /// What every tenant has
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
}

/// Where a stream has its things. All paths are absolute.
#[derive(Debug, Clone)]
pub struct StreamFiles {
    /// Which stream.
    pub stream: Stream,
    /// Its Diesel configuration, which need not be there: `diesel.STREAM.toml`, or
    /// `diesel.toml` for tenants where only that is there.
    pub config: PathBuf,
    /// The folder of its migrations.
    pub migrations: PathBuf,
    /// Its `schema.rs`.
    pub schema: PathBuf,
    /// Whether nobody has said that the `schema.rs` is there.
    pub is_schema_guessed: bool,
    /// Which tables stand in that.
    pub filter: Filter,
}

impl Project {
    /// The project of the current folder, or of one above.
    ///
    /// # Errors
    ///
    /// A wrong use when there is none.
    pub fn find() -> anyhow::Result<Self> {
        match command_line::project::folder() {
            Ok(folder) => Ok(Self { folder }),
            Err(error) if error.is::<NoProject>() => Err(anyhow!(UsageError(format!(
                "{error}; run this in the project's folder"
            )))),
            Err(error) => Err(error),
        }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where `stream` has its things: as its configuration says, else in the usual
    /// places. `migrations_dir`, the common option, comes before both.
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
        let migrations = folder_of(&self.folder, stream.name(), migrations_dir)?;
        let (schema, is_schema_guessed) = match (read.file, self.package(stream)) {
            (Some(file), _) => (file, false),
            (None, Some(package)) => (package.join("src/schema.rs"), false),
            (None, None) => (usual_schema(stream).into(), true),
        };
        Ok(StreamFiles {
            stream,
            config,
            // The user typed the option, so it starts where the user is.
            migrations: std::path::absolute(migrations.path)?,
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
            Some(_) => public.migrations.is_dir(),
            None => [&public.migrations, &public.config, &public.schema]
                .iter()
                .any(|path| path.exists()),
        };
        let tenant = self.files(Stream::Tenant, migrations_dir)?;
        Ok(Some(public)
            .filter(|_| is_public)
            .into_iter()
            .chain([tenant])
            .collect())
    }

    fn config(&self, stream: Stream) -> PathBuf {
        let own = self.folder.join(format!("diesel.{stream}.toml"));
        let only = self.folder.join("diesel.toml");
        let is_only = stream == Stream::Tenant && !own.exists() && only.exists();
        if is_only { only } else { own }
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
            assert_eq!(files.migrations, at(format!("migrations/{stream}")));
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
        assert_eq!(files.migrations, folder.path().join("sql"));
        assert_eq!(files.schema, folder.path().join("src/schema.rs"));
        assert!(!files.filter.includes("old_users"));
        assert_eq!(project.shown(&files.schema).to_string(), "src/schema.rs");
    }

    #[test]
    fn the_option_comes_before_the_configuration() {
        let (_folder, project) = project("[migrations_directory]\ndir = \"sql\"\n");
        let elsewhere = Path::new("/elsewhere");
        let files = project.files(Stream::Tenant, Some(elsewhere)).unwrap();
        assert_eq!(files.migrations, Path::new("/elsewhere/tenant"));
    }

    #[test]
    fn a_configuration_that_cannot_be_read_is_wrong_use() {
        let (_folder, project) = project("[print_schema\n");
        let error = project.files(Stream::Tenant, None).unwrap_err();
        assert!(error.is::<UsageError>(), "{error:?}");
        assert!(error.to_string().contains("diesel.tenant.toml"), "{error}");
    }
}
