//! What the tests share: a project of the test's own, with a database and a
//! role that may make others.

use std::path::Path;

use authoring_commands::scratch::{Options, Scratch};
use authoring_commands::{Project, Stream};
use command_line::{Common, Context};
use test_support::{Command, Finished, Folder, Role, TestDatabase, copy};

/// The root of this repository.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Where the stand-in for the Diesel CLI is.
const FAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fake-diesel");

/// The password of the role, which must never be shown.
pub(crate) const PASSWORD: &str = "hush8puppy";

/// A copy of this project in a folder of its own, a database, and a role of
/// the test's own, so that whatever it leaves on the server can be told.
pub(crate) struct Site {
    pub(crate) folder: Folder,
    pub(crate) database: TestDatabase,
    pub(crate) role: Role,
}

impl Site {
    /// With a role that may make databases.
    pub(crate) async fn new() -> Self {
        let site = Self::without_rights().await;
        let grant = format!("ALTER ROLE {} CREATEDB", site.role.name());
        site.database.execute(&grant).await;
        site
    }

    /// With a role that may make nothing.
    pub(crate) async fn without_rights() -> Self {
        let folder = Folder::new();
        for stream in Stream::ALL {
            let config = format!("diesel.{stream}.toml");
            let text = std::fs::read_to_string(Path::new(ROOT).join(&config)).unwrap();
            folder.file(&config, &text);
            let schema = format!("crates/schema-{stream}/src/schema.rs");
            folder.file(&schema, "");
        }
        let migrations = Path::new(ROOT).join("migrations");
        copy(&migrations, &folder.path().join("migrations"));
        let database = TestDatabase::new().await;
        let role = database.role(PASSWORD).await;
        Self {
            folder,
            database,
            role,
        }
    }

    /// The URL of the database, as the role.
    pub(crate) fn url(&self) -> String {
        let login = format!("{}:{PASSWORD}@", self.role.name());
        let url = self.role.url();
        url.replacen(&format!("{}@", self.role.name()), &login, 1)
    }

    /// A command in the project, with the stand-in for the Diesel CLI.
    pub(crate) fn command(&self, line: &str) -> Command {
        let path = std::env::var("PATH").unwrap();
        let command = self.folder.command(line).on(&self.url());
        command.env("PATH", format!("{FAKE}:{path}"))
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, line: &str) -> Finished {
        self.command(line).run()
    }

    /// Adds a migration.
    pub(crate) fn migration(&self, stream: Stream, name: &str, up: &str) {
        let file = format!("migrations/{stream}/{name}/up.sql");
        self.folder.file(&file, up);
    }

    /// A scratch database of the migrations of this project, made in this
    /// process.
    pub(crate) async fn scratch(&self, stream: Stream) -> Scratch {
        let common = Common {
            database_url: Some(self.url()),
            migrations_dir: Some(self.folder.path().join("migrations")),
            ..Common::default()
        };
        let context = Context::new(command_line::Program::default(), common).unwrap();
        let project = Project::find(context.settings()).unwrap();
        let made = Scratch::make(&context, &project, stream, &Options::default()).await;
        made.unwrap()
    }

    /// The databases that the role has.
    pub(crate) async fn databases(&self) -> Vec<String> {
        let sql = format!(
            "SELECT datname FROM pg_database WHERE datdba = '{}'::regrole",
            self.role.name()
        );
        self.database.column(&sql).await
    }
}
