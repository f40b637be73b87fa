//! `show-version`: shows the version, and what a report of a problem needs.

use std::path::{Path, PathBuf};

use clap::Parser;
use command_line::invocation::Spelling;
use command_line::json::Documents;
use command_line::output::shown;
use command_line::settings::find_settings;
use command_line::{
    Common, Context, Explained, ProjectSettings, Script, Verdict, built, env_file, migrations,
    project,
};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{Migration, MigrationSet, Migrations};

/// The oldest and the newest version of PostgreSQL that the statements are written for.
const SERVERS: (u32, u32) = (13, 18);

/// Show the version and how the program was built
///
/// With --verbose, the command also prints the commit, the platform, the features, the
/// supported versions of PostgreSQL, the compiled-in migrations, and the paths of the
/// settings. It prints no URL, and no connection is made.
///
/// The commit is known if TENANTS_COMMIT was set when the program was built.
#[derive(Debug, Parser)]
#[command(name = "show-version", version)]
pub struct ShowVersion {
    #[command(flatten)]
    common: Common,
}

/// The version, and how the program was built.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProgramVersion")]
struct Document {
    /// Version of the program.
    version: &'static str,
    /// The commit. Null if unknown.
    commit: Option<&'static str>,
    /// Operating system and processor, such as `linux x86_64`.
    platform: String,
    /// Features of the build.
    features: Vec<&'static str>,
    /// Supported major versions of PostgreSQL.
    postgresql: Servers,
    /// Compiled-in migrations.
    compiled_in: CompiledIn,
    /// Files and folders.
    paths: Paths,
}

/// Supported major versions of PostgreSQL.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PostgresqlVersions")]
struct Servers {
    /// The oldest.
    oldest: u32,
    /// The newest.
    newest: u32,
}

/// Compiled-in migrations.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CompiledInMigrations")]
struct CompiledIn {
    /// Names of the public migrations.
    public: Vec<String>,
    /// Names of the tenant migrations. Null if none are compiled in.
    tenant: Option<Vec<String>>,
}

/// Files and folders.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Paths")]
struct Paths {
    /// The settings file. Null if there is none.
    settings: Option<String>,
    /// The `.env` file. Null if there is none.
    env_file: Option<String>,
    /// Folders of the public migrations.
    public_migrations: Vec<String>,
    /// Folders of the tenant migrations.
    tenant_migrations: Vec<String>,
}

impl Script for ShowVersion {
    /// A file with a mistake is no reason to hide the version.
    const READS_SETTINGS: bool = false;

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let document = Document {
            version: env!("CARGO_PKG_VERSION"),
            commit: built::commit(),
            platform: built::platform(),
            features: built::features(),
            postgresql: Servers {
                oldest: SERVERS.0,
                newest: SERVERS.1,
            },
            compiled_in: compiled_in(context)?,
            paths: paths(context),
        };
        let name = match context.program().spelling {
            Spelling::Tenants => "tenants",
            Spelling::Xtask => "diesel-tenants",
        };
        let mut text = format!("{name} {}\n", document.version);
        if context.output.is_verbose() {
            text.push_str(&details(&document));
        }
        context.output.answer(&document, &text)?;
        Ok(Verdict::Done)
    }
}

/// The streams that the program brings. The library's own public migrations are always
/// among them.
fn compiled_in(context: &Context) -> anyhow::Result<CompiledIn> {
    let names = |set: &MigrationSet| set.iter().map(Migration::name).map(str::to_owned).collect();
    Ok(match context.program().compiled_in {
        Some(compiled_in) => {
            let Migrations { public, tenant } = compiled_in()?;
            CompiledIn {
                public: names(&public),
                tenant: Some(names(&tenant)),
            }
        }
        None => CompiledIn {
            public: names(&MigrationSet::registry()),
            tenant: None,
        },
    })
}

/// Where the settings in force are. A mistake in their file is a note.
fn paths(context: &Context) -> Paths {
    let option = context.common().config.as_deref();
    let settings = find_settings(option, context.environment());
    let settings = settings.unwrap_or_else(|error| {
        let error = Explained::of(&error, context.invocation()).message();
        context.output.note(&error.to_string());
        ProjectSettings::default()
    });
    Paths {
        settings: settings.file().map(written),
        env_file: env_file().as_deref().map(written),
        public_migrations: folders(context, &settings, "public"),
        tenant_migrations: folders(context, &settings, "tenant"),
    }
}

/// The folders of a stream that exist; none outside a project.
fn folders(context: &Context, settings: &ProjectSettings, stream: &str) -> Vec<String> {
    let option = context.common().migrations_dir.as_deref();
    let folder = match (option, project::folder(settings)) {
        (_, Ok(folder)) => folder,
        (Some(_), Err(_)) => PathBuf::new(),
        (None, Err(_)) => return Vec::new(),
    };
    let found = migrations::folder_of(settings, &folder, stream, option);
    let paths = found.map(|found| found.paths).unwrap_or_default();
    let existing = paths.iter().filter(|path| path.is_dir());
    existing.map(|path| written(path)).collect()
}

fn written(path: &Path) -> String {
    path.display().to_string()
}

fn details(document: &Document) -> String {
    let Document {
        postgresql,
        compiled_in,
        paths,
        ..
    } = document;
    let read = || vec!["none compiled in; read from the project".to_owned()];
    let one = |text: &Option<String>| text.iter().cloned().collect();
    let rows: [(&str, Vec<String>); 10] = [
        (
            "commit",
            vec![document.commit.unwrap_or("unknown").to_owned()],
        ),
        ("platform", vec![document.platform.clone()]),
        ("features", vec![document.features.join(", ")]),
        (
            "PostgreSQL",
            vec![format!("{} to {}", postgresql.oldest, postgresql.newest)],
        ),
        ("public migrations", compiled_in.public.clone()),
        (
            "tenant migrations",
            compiled_in.tenant.clone().unwrap_or_else(read),
        ),
        ("settings", one(&paths.settings)),
        (".env", one(&paths.env_file)),
        ("public folders", paths.public_migrations.clone()),
        ("tenant folders", paths.tenant_migrations.clone()),
    ];
    rows.iter()
        .map(|(name, values)| row(name, values))
        .collect()
}

/// A name and its values, one below the other.
fn row(name: &str, values: &[String]) -> String {
    let label = format!("{name}:");
    let none = "none".to_owned();
    let values = match values {
        [] => std::slice::from_ref(&none),
        values => values,
    };
    let lines = values.iter().enumerate().map(|(index, value)| {
        let label = if index == 0 { label.as_str() } else { "" };
        format!("{label:20}{}\n", shown(value))
    });
    lines.collect()
}
