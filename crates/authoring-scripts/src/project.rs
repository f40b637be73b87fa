//! The project on the disk: where its two streams of migrations have their
//! things.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::ValueEnum;
use command_line::ProjectSettings;
use command_line::exit::UsageError;
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
    settings: ProjectSettings,
}

/// Where a stream has its things. All paths are absolute.
#[derive(Debug, Clone)]
pub struct StreamFiles {
    /// Which stream.
    pub stream: Stream,
    /// Its `diesel.STREAM.toml`, which need not be there.
    pub config: PathBuf,
    /// The folders of its migrations, one or more. New ones go into the first.
    pub migrations: Vec<PathBuf>,
    /// Its `schema.rs`.
    pub schema: PathBuf,
    /// Which tables stand in that.
    pub filter: Filter,
}

impl Project {
    /// The project of these settings, else of the current folder or of one above.
    ///
    /// # Errors
    ///
    /// A wrong use when there is none.
    pub fn find(settings: &ProjectSettings) -> anyhow::Result<Self> {
        match command_line::project::folder(settings) {
            Ok(folder) => Ok(Self {
                folder,
                settings: settings.clone(),
            }),
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

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &ProjectSettings {
        &self.settings
    }

    /// Where `stream` has its things: as the settings say, else its configuration,
    /// else where this project puts them. `migrations_dir`, the common option, comes
    /// before all.
    ///
    /// # Errors
    ///
    /// A wrong use when the configuration cannot be read.
    pub fn files(
        &self,
        stream: Stream,
        migrations_dir: Option<&Path>,
    ) -> anyhow::Result<StreamFiles> {
        let config = self.folder.join(format!("diesel.{stream}.toml"));
        let read = config::read(&config)?;
        let set = self.set_for(stream);
        let migrations = match (migrations_dir, set.migrations) {
            // The user typed it, so it starts where the user is.
            (Some(folder), _) => vec![std::path::absolute(folder.join(stream.name()))?],
            (None, Some(folders)) => folders,
            (None, None) => {
                let configured = read.migrations_directory.dir;
                let usual = || PathBuf::from(format!("migrations/{stream}"));
                vec![self.folder.join(configured.unwrap_or_else(usual))]
            }
        };
        let usual = || PathBuf::from(format!("crates/schema-{stream}/src/schema.rs"));
        let configured = set.schema.or(read.print_schema.file);
        let schema = configured.unwrap_or_else(usual);
        Ok(StreamFiles {
            stream,
            config,
            migrations,
            schema: self.folder.join(schema),
            filter: read.print_schema.filter,
        })
    }

    /// What the settings say about the stream.
    fn set_for(&self, stream: Stream) -> Set {
        let written = self.settings.written();
        let (migrations, schema) = match stream {
            Stream::Public => (&written.migrations.public, &written.schema.public),
            Stream::Tenant => (&written.migrations.tenant, &written.schema.tenant),
        };
        Set {
            migrations: migrations.as_ref().map(|placed| placed.value.clone()),
            schema: schema.as_ref().map(|placed| placed.value.clone()),
        }
    }

    /// `path` as it is shown: from the project's folder where it is in there.
    #[must_use]
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.folder).unwrap_or(path).display()
    }
}

/// What the settings say about a stream.
struct Set {
    migrations: Option<Vec<PathBuf>>,
    schema: Option<PathBuf>,
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
            let files = project.files(stream, None).unwrap();
            let at = |path: String| folder.path().join(path);
            assert_eq!(files.migrations, [at(format!("migrations/{stream}"))]);
            let schema = at(format!("crates/schema-{stream}/src/schema.rs"));
            assert_eq!(files.schema, schema);
            assert!(files.filter.includes("anything"));
        }
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
